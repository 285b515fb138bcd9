import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type DirectoryResult, dir } from 'tmp-promise';
import { createReadiness } from '../src/operations/readiness.ts';
import { api } from './support/api.ts';
import { onlyOn } from './support/engine.ts';
import { isolation } from './support/isolation.ts';

const READY = { database: 'ok', migrations: 'ok', running: 'ok' };

describe('the probes', () => {
  let directory: DirectoryResult;

  beforeEach(async () => {
    directory = await dir({ unsafeCleanup: true });
    for (const folder of ['incoming', 'raw']) {
      mkdirSync(join(directory.path, folder));
    }
  });

  afterEach(() => directory.cleanup());

  /** A service that keeps documents in the directory. */
  function service(roomBytes = 1) {
    const readiness = createReadiness(isolation.current().db, { directory: directory.path, roomBytes });
    return { readiness, ask: () => api({ readiness }).get('/readyz') };
  }

  it('find a service that has all it needs alive and ready', async () => {
    const { ask } = service();
    const [alive, ready] = [await api().get('/livez'), await ask()];
    expect([alive.status, alive.body]).to.deep.equal([200, { status: 'alive' }]);
    expect([ready.status, ready.body]).to.deep.equal([200, { status: 'ready', checks: { ...READY, storage: 'ok' } }]);
    expect(ready.headers['cache-control']).to.equal('no-store');
  });

  it('find it alive but not ready without its database, and say no more than that', async () => {
    await isolation.current().db.destroy();
    const response = await service().ask();
    expect(response.status).to.equal(503);
    expect(response.body).to.deep.equal({
      status: 'not ready',
      checks: { ...READY, database: 'failed', migrations: 'failed', storage: 'ok' },
    });
    expect((await api().get('/livez')).status).to.equal(200);
  });

  it('find it not ready when a migration is missing', async () => {
    const { db } = isolation.current();
    const last = await db('knex_migrations').max('id as id').first();
    await db('knex_migrations').where({ id: last?.['id'] }).delete();

    const { status, body } = await service().ask();
    expect([status, body.checks.migrations]).to.deep.equal([503, 'failed']);
  });

  it('find it ready while a newer version has already migrated its database', async () => {
    await isolation.current().db('knex_migrations').insert({ name: '999-of-a-later-version', batch: 9 });
    expect((await service().ask()).status).to.equal(200);
  });

  it('find it not ready when documents cannot be written or have no room', async () => {
    const full = await service(Number.MAX_SAFE_INTEGER).ask();
    expect([full.status, full.body.checks.storage]).to.deep.equal([503, 'failed']);
    rmSync(join(directory.path, 'raw'), { recursive: true });
    const lost = await service().ask();
    expect([lost.status, lost.body.checks]).to.deep.equal([503, { ...READY, storage: 'failed' }]);
    expect(lost.text).to.not.contain(directory.path);
  });

  it('find it not ready once it is to stop, while it still answers', async () => {
    const { readiness, ask } = service();
    expect((await ask()).status).to.equal(200);
    readiness.stop();
    const { status, body } = await ask();
    expect([status, body.checks.running]).to.deep.equal([503, 'failed']);
    expect((await api({ readiness }).get('/api/hitl/invoices')).status).to.equal(200);
  });

  it('ask the database twice, however many they are', async () => {
    const queries: string[] = [];
    isolation.current().db.on('query', ({ sql }) => queries.push(sql));
    const { ask } = service();
    const replies = await Promise.all(Array.from({ length: 30 }, ask));

    expect(replies.map(({ status }) => status)).to.deep.equal(replies.map(() => 200));
    expect(queries).to.have.length(2);
  });

  // Its one connection is easily kept busy.
  onlyOn('sqlite', () => {
    it('are answered while the database does not answer', async () => {
      const { ask } = service();
      const busy = await isolation.current().db.transaction(async () => [await ask(), await ask()]);
      expect(busy.map(({ status, body }) => [status, body.checks.database])).to.deep.equal([
        [503, 'failed'],
        [503, 'failed'],
      ]);
    });
  });
});
