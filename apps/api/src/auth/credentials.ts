import type { Knex } from 'knex';
import type { Caller, Credentials } from '../http/caller.ts';
import { UnauthenticatedError } from '../http/http-errors.ts';
import { isSecretOf, looksLikeKey, parseKey } from './api-key.ts';
import { findKey } from './api-key-store.ts';
import { type JwtIssuer, jwtCredentials } from './jwt-credentials.ts';

/** Which credentials are taken. */
export interface AuthSettings {
  readonly apiKeys: boolean;
  /** Null when no tokens are taken. */
  readonly jwt: JwtIssuer | null;
}

/** Compared with when there is no such key, so that a wrong id takes the same steps as a wrong secret. */
const NO_HASH = '0'.repeat(64);

/** What finds out whose a credential is; undefined where none are taken, and everybody may do everything. */
export function createCredentials(
  db: Knex,
  { apiKeys, jwt }: AuthSettings,
  now: () => Date = () => new Date(),
): Credentials | undefined {
  if (!apiKeys && jwt === null) {
    return undefined;
  }
  const callerOfToken = jwt === null ? undefined : jwtCredentials(jwt, now);
  return async (authorization) => {
    const [, credential = ''] = /^Bearer ([\x21-\x7e]+)$/i.exec(authorization) ?? [];
    if (apiKeys && looksLikeKey(credential)) {
      return callerOfKey(db, credential, now());
    }
    if (callerOfToken === undefined || credential === '') {
      throw new UnauthenticatedError('invalid', 'The credential is not valid');
    }
    return callerOfToken(credential);
  };
}

/** Looked up anew for each request, so that a key that is revoked is worthless from that moment on, in every process. */
async function callerOfKey(db: Knex, credential: string, now: Date): Promise<Caller> {
  const sent = parseKey(credential);
  const key = sent && (await findKey(db, sent.id));
  if (!isSecretOf(key?.hash ?? NO_HASH, sent?.secret ?? '') || key === undefined) {
    throw new UnauthenticatedError('invalid', 'The key is not valid');
  }
  if (key.revoked_at !== null) {
    throw new UnauthenticatedError('invalid', 'The key has been revoked');
  }
  if (key.expires_at !== null && key.expires_at <= now.toISOString()) {
    throw new UnauthenticatedError('invalid', 'The key has expired');
  }
  return { id: `key:${key.id}`, name: key.name, roles: key.roles };
}
