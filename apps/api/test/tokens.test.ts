import { expect } from 'chai';
import { exportSPKI, SignJWT, UnsecuredJWT } from 'jose';
import request, { type Response } from 'supertest';
import { createApp } from '../src/app.ts';
import type { JwtIssuer } from '../src/auth/jwt-credentials.ts';
import { handOver, history } from './support/api.ts';
import { bearer, withCredentials } from './support/credentials.ts';
import { isolation } from './support/isolation.ts';
import { ISSUER, Issuer, type SigningKey, signingKey, token } from './support/issuer.ts';

describe('tokens of an issuer', () => {
  let key: SigningKey;
  let stranger: SigningKey;
  let issuer: Issuer;

  before(async () => {
    [key, stranger] = [await signingKey('k1'), await signingKey('k1')];
  });

  beforeEach(async () => {
    issuer = await Issuer.start(key);
  });

  afterEach(() => issuer.stop());

  /** The service that takes this issuer's tokens, and what it answers to one. */
  function service(rest: Partial<JwtIssuer> = {}, now?: () => Date) {
    const app = createApp(isolation.current().db, withCredentials(issuer.settings(rest), now));
    return (Authorization: string, path = '/api/hitl/invoices') => request(app).get(path).set({ Authorization });
  }

  const outcome = ({ status, body }: Response) => [status, body.detail];

  it('are taken beside API keys', async () => {
    const send = service();
    expect((await send(await token(key))).status).to.equal(200);
    expect((await send(await bearer(['reviewer']))).status).to.equal(200);
    expect((await send(await token(key), '/api/v1/keys')).status).to.equal(403);
  });

  for (const alg of ['RS256', 'PS384', 'ES384', 'EdDSA']) {
    it(`are taken when signed with ${alg}`, async () => {
      const other = await signingKey('k2', alg);
      issuer.publish(key, other);
      expect((await service()(await token(other))).status).to.equal(200);
    });
  }

  const past = Math.floor(Date.now() / 1_000) - 3_600;
  const wrong: Record<string, object> = {
    'another issuer': { iss: 'https://other.example' },
    'no issuer': { iss: undefined },
    'another audience': { aud: 'payroll' },
    'no audience': { aud: undefined },
    'no expiry': { exp: undefined },
    'a beginning in the future': { nbf: past + 7_200 },
    'no subject': { sub: undefined },
    'an empty subject': { sub: '', email: undefined },
    'a subject that cannot be kept': { sub: 'a\0b', email: undefined },
    'a name that is too long': { email: 'x'.repeat(201) },
  };
  for (const [what, claims] of Object.entries(wrong)) {
    it(`are refused with ${what}`, async () => {
      const response = await service()(await token(key, claims));
      expect(response.status).to.equal(401);
      expect(response.body.detail).to.match(/^The token (is not valid|names nobody)$/);
      expect(response.headers['www-authenticate']).to.equal('Bearer realm="invoice-api", error="invalid_token"');
    });
  }

  it('are refused once they have expired, give or take the difference of two clocks', async () => {
    const end = new Date('2030-01-01T00:00:00Z');
    const old = await token(key, { iat: end.getTime() / 1_000 - 60, exp: end.getTime() / 1_000 });
    const outcomeAfter = (seconds: number) => service({}, () => new Date(end.getTime() + seconds * 1_000))(old);
    expect((await outcomeAfter(20)).status).to.equal(200);
    expect(outcome(await outcomeAfter(40))).to.deep.equal([401, 'The token has expired']);
  });

  it('are refused without a signature, with that of a stranger, and with one made of the public key', async () => {
    const now = Math.floor(Date.now() / 1_000);
    const claims = { iss: ISSUER, aud: 'invoices', sub: 'u', exp: now + 60, roles: ['reviewer'] };
    const publicKey = new TextEncoder().encode(await exportSPKI(key.publicKey));
    const shared = await new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: 'k1' }).sign(publicKey);
    const [head = '', , signature = ''] = (await token(key)).split('.');
    const forged = Buffer.from(JSON.stringify({ ...claims, roles: ['admin'] })).toString('base64url');
    const send = service();
    for (const sent of [
      ...[`Bearer ${new UnsecuredJWT(claims).encode()}`, `Bearer ${shared}`, await token(stranger)],
      ...[`${head}.${forged}.${signature}`, `${head}.${forged}.`, `${head}.${forged}`, 'Bearer a.b.c', 'Bearer ...'],
      await token({ ...key, kid: 'k9' }),
    ]) {
      expect(outcome(await send(sent)), sent).to.deep.equal([401, 'The token is not valid']);
    }
    expect((await send(await token(key))).status).to.equal(200);
  });

  it('are refused with a key of their own, wherever they say it is', async () => {
    for (const header of [{ jku: 'http://127.0.0.1:1/keys' }, { x5u: 'http://127.0.0.1:1/' }]) {
      expect((await service()(await token(stranger, {}, header))).status).to.equal(401);
    }
  });

  it('are checked with keys that are fetched once, and with a new one as soon as the issuer has it', async () => {
    const next = await signingKey('k2');
    const send = service();
    await Promise.all([1, 2, 3].map(async () => send(await token(key), '/api/v1/keys')));
    expect((await send(await token(key))).status).to.equal(200);
    expect(issuer.asked).to.equal(1);

    issuer.publish(next);
    // Not asked for again and again by whoever invents keys: only some time after the last answer.
    expect((await send(await token(next))).status).to.equal(401);
    expect(issuer.asked).to.equal(1);
    await later(60_000, async () => {
      expect((await send(await token(next))).status).to.equal(200);
      expect((await send(await token(key))).status).to.equal(401);
    });
    expect(issuer.asked).to.equal(2);
  });

  it('are answered with 503 while the keys of the issuer cannot be had', async () => {
    const send = service();
    for (const failure of [
      ...[
        { status: 500, body: 'secret of the issuer' },
        { status: 200, body: 'no JSON' },
        { status: 200, body: '{}' },
      ],
      { status: 302, body: '' },
    ]) {
      issuer.failure = failure;
      expect(outcome(await send(await token(key)))).to.deep.equal([503, 'The issuer of the token cannot be reached']);
    }
    issuer.failure = undefined;
    expect((await send(await token(key))).status).to.equal(200);

    const nobody = service({ jwksUrl: 'http://127.0.0.1:1/keys' });
    expect((await nobody(await token(key))).status).to.equal(503);
    expect((await nobody(await bearer(['reviewer']))).status).to.equal(200);
  });

  const claimed: [string, object, Partial<JwtIssuer>][] = [
    ['a list among roles of other programs', { roles: ['offline', 'reviewer', 7] }, {}],
    ['a text with blanks', { scope: 'openid reviewer' }, { rolesClaim: 'scope' }],
    ['a nested claim', { roles: [], realm_access: { roles: ['reviewer'] } }, { rolesClaim: 'realm_access.roles' }],
    ['a claim with dots', { 'https://a.example/roles': ['reviewer'] }, { rolesClaim: 'https://a.example/roles' }],
  ];
  for (const [what, claims, rest] of claimed) {
    it(`bring their roles as ${what}`, async () => {
      const send = service(rest);
      expect((await send(await token(key, { ...claims }))).status).to.equal(200);
      expect((await send(await token(key, { ...claims }), '/api/v1/audit')).status).to.equal(403);
    });
  }

  it('without a role of the service are known and may do nothing', async () => {
    for (const roles of [undefined, null, [], 'ADMIN', ['Admin'], { admin: true }, 5, ['__proto__']]) {
      expect((await service()(await token(key, { roles }))).status, JSON.stringify(roles)).to.equal(403);
    }
    const inherited = service({ rolesClaim: 'constructor.name' });
    expect((await inherited(await token(key))).status).to.equal(403);
  });

  const names: [string, object, Partial<JwtIssuer>, string][] = [
    ['address', {}, {}, 'ann@example.org'],
    ['subject where there is no address', { email: undefined }, {}, 'u-1'],
    ['subject where the address was not verified', { email_verified: false }, {}, 'u-1'],
    ['configured claim', { user: { name: 'Ann Ng' } }, { nameClaim: 'user.name' }, 'Ann Ng'],
  ];
  for (const [what, claims, rest, name] of names) {
    it(`give the history their ${what}`, async () => {
      await handOver({ id: 'A' });
      const app = createApp(isolation.current().db, withCredentials(issuer.settings(rest)));
      const { status, text } = await request(app)
        .post('/api/hitl/invoice/validate')
        .set('Authorization', await token(key, { ...claims }))
        .send({ invoice_id: 'A', expected_review_version: 0, reviewer: 'Somebody Else' });
      expect(status, text).to.equal(200);
      expect((await history('A')).map(({ reviewer }) => reviewer)).to.deep.equal([name]);
    });
  }
});

/** Runs something with a system clock that is ahead; the keys of the issuer are kept by it. */
async function later(milliseconds: number, work: () => Promise<void>): Promise<void> {
  const { now } = Date;
  Date.now = () => now() + milliseconds;
  try {
    await work();
  } finally {
    Date.now = now;
  }
}
