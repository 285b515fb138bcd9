import { expect } from 'chai';
import type { Express } from 'express';
import request, { type Response } from 'supertest';
import { type AppOptions, createApp } from '../src/app.ts';
import { bearer, withCredentials } from './support/credentials.ts';
import { isolation } from './support/isolation.ts';

const PATH = '/api/hitl/invoices';

function app(options: AppOptions = {}): Express {
  return createApp(isolation.current().db, { ...withCredentials(), requestsPerMinute: 3, ...options });
}

async function send(service: Express, headers: Record<string, string>, path = PATH): Promise<Response> {
  return request(service).get(path).set(headers);
}

async function statuses(times: number, one: () => Promise<Response>): Promise<number[]> {
  const found: number[] = [];
  for (let time = 0; time < times; time += 1) {
    found.push((await one()).status);
  }
  return found;
}

describe('the limit of requests', () => {
  it('is said with every reply, and what is beyond it is refused in the format of its path', async () => {
    const [service, Authorization] = [app(), await bearer(['reviewer'])];
    const first = await send(service, { Authorization });
    expect(first.status).to.equal(200);
    expect(first.headers['ratelimit-policy']).to.match(/^"requests"; q=3; w=60; pk=:[^:]+:$/);
    expect(first.headers['ratelimit']).to.match(/^"requests"; r=2; t=\d+$/);
    expect(first.headers).not.to.have.property('x-ratelimit-limit');

    expect(await statuses(3, () => send(service, { Authorization }))).to.deep.equal([200, 200, 429]);
    const refused = await send(service, { Authorization });
    expect(refused.body).to.deep.equal({ detail: 'Too many requests' });
    expect(refused.headers['ratelimit']).to.contain('r=0');
    expect(Number(refused.headers['retry-after'])).to.be.within(1, 60);
    const problem = await send(service, { Authorization }, '/api/v1/invoices/x');
    expect(problem.headers['content-type']).to.match(/^application\/problem\+json/);
    expect(problem.body).to.include({ status: 429, detail: 'Too many requests' });
  });

  it('is one for each credential, and none for probes', async () => {
    const service = app();
    const [first, second] = [await bearer(['reviewer']), await bearer(['reviewer'])];
    await statuses(4, () => send(service, { Authorization: first }));
    expect((await send(service, { Authorization: second })).status).to.equal(200);
    for (const probe of ['/', '/health', '/livez', '/readyz', '/api/health/db']) {
      expect(await statuses(5, () => send(service, {}, probe))).to.deep.equal([200, 200, 200, 200, 200]);
    }
  });

  it('is one for each address where there is no credential, as a proxy of ours says it', async () => {
    const open = { credentials: undefined };
    const from = (service: Express) => (client: string) => send(service, { 'X-Forwarded-For': client });
    const behindProxy = from(app({ ...open, trustedProxies: 1 }));
    expect(await statuses(4, () => behindProxy('6.6.6.6, 10.0.0.1'))).to.deep.equal([200, 200, 200, 429]);
    expect((await behindProxy('6.6.6.6, 10.0.0.2')).status).to.equal(200);
    // What the client itself says counts for nothing.
    expect((await behindProxy('10.0.0.2, 10.0.0.1')).status).to.equal(429);

    const direct = from(app(open));
    expect(await statuses(3, () => direct('10.0.0.1'))).to.deep.equal([200, 200, 200]);
    expect((await direct('10.0.0.2')).status).to.equal(429);
  });

  it('is one for each network of IPv6', async () => {
    const service = app({ credentials: undefined, trustedProxies: 1 });
    for (const [client, status] of [
      ...[['2001:db8::1', 200] as const, ['2001:db8::2', 200] as const, ['2001:db8:0:1::3', 200] as const],
      ...[['2001:db8::4', 429] as const, ['2001:db9::1', 200] as const],
    ]) {
      expect((await send(service, { 'X-Forwarded-For': client })).status, client).to.equal(status);
    }
  });

  it('is not there unless it is asked for', async () => {
    const { headers } = await send(createApp(isolation.current().db), {});
    expect(headers).not.to.have.any.keys('ratelimit', 'ratelimit-policy');
  });

  it('of credentials that are not valid is low, and locks nobody out who has a valid one', async () => {
    const service = app({ requestsPerMinute: 1_000 });
    const wrong = { Authorization: `Bearer inv_${'0'.repeat(16)}_${'x'.repeat(43)}` };
    expect(await statuses(31, () => send(service, wrong))).to.deep.equal([...Array(30).fill(401), 429]);
    const refused = await send(service, { Authorization: 'Bearer a.b.c' });
    expect([refused.status, refused.body]).to.deep.equal([429, { detail: 'Too many requests' }]);
    expect(Number(refused.headers['retry-after'])).to.be.within(1, 60);
    expect((await send(service, { Authorization: await bearer(['reviewer']) })).status).to.equal(200);
  });
});
