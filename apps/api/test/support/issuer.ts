import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { JwtIssuer } from '../../src/auth/jwt-credentials.ts';

/** A key that an issuer signs with. */
export interface SigningKey {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
}

/** An issuer of tokens that publishes its keys on this machine. */
export class Issuer {
  readonly #server: Server;
  #published: readonly SigningKey[] = [];
  /** How often its keys were asked for. */
  asked = 0;
  /** What it answers with instead of its keys. */
  failure: { readonly status: number; readonly body: string } | undefined;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Starts one that publishes these keys. */
  static async start(...keys: readonly SigningKey[]): Promise<Issuer> {
    const issuer = new Issuer(createServer(async (_request, response) => response.end(await issuer.#answer(response))));
    issuer.publish(...keys);
    issuer.#server.listen(0, '127.0.0.1');
    await once(issuer.#server, 'listening');
    return issuer;
  }

  /** Publishes these keys from now on, and no others. */
  publish(...keys: readonly SigningKey[]): void {
    this.#published = keys;
  }

  /** How the service is told of it. */
  settings(rest: Partial<JwtIssuer> = {}): JwtIssuer {
    const { port } = this.#server.address() as AddressInfo;
    const claims = { rolesClaim: 'roles', nameClaim: 'email' };
    return { issuer: ISSUER, audience: 'invoices', jwksUrl: `http://127.0.0.1:${port}/keys`, ...claims, ...rest };
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #answer(response: { statusCode: number }): Promise<string> {
    this.asked += 1;
    if (this.failure !== undefined) {
      response.statusCode = this.failure.status;
      return this.failure.body;
    }
    const keys = this.#published.map(async ({ kid, alg, publicKey }) => ({
      ...(await exportJWK(publicKey)),
      kid,
      alg,
    }));
    return JSON.stringify({ keys: await Promise.all(keys) });
  }
}

export const ISSUER = 'https://issuer.example';

/** Makes a key pair. */
export async function signingKey(kid: string, alg = 'ES256'): Promise<SigningKey> {
  return { kid, alg, ...(await generateKeyPair(alg, { extractable: true })) };
}

/** A token of a reviewer that is valid for five minutes, as `Authorization`; claims and header can be others. */
export async function token(key: SigningKey, claims: object = {}, header: object = {}): Promise<string> {
  const now = Math.floor(Date.now() / 1_000);
  const usual = { iss: ISSUER, aud: 'invoices', sub: 'u-1', email: 'ann@example.org', iat: now, exp: now + 300 };
  const signed = await new SignJWT({ ...usual, roles: ['reviewer'], ...claims })
    .setProtectedHeader({ alg: key.alg, kid: key.kid, ...header })
    .sign(key.privateKey);
  return `Bearer ${signed}`;
}
