import { expect } from 'chai';
import { createIsolation } from '@acme/db-isolation';
import { knexClient } from '@acme/db-isolation/clients/knex';
import { sqlite } from '@acme/db-isolation/engines/sqlite';
import { isolateEachTest } from '@acme/db-isolation/runners/mocha';
import { customSchema } from '@acme/db-isolation/schemas/custom-schema';

const isolation = createIsolation({
  engine: sqlite(),
  client: knexClient(),
  schema: customSchema({ fingerprint: 'a', apply: async (_db, { execute }) => execute('create table t (a); insert into t values (1)') }),
});
describe('smoke', () => {
  const database = isolateEachTest(isolation);
  for (const i of [1, 2, 3]) {
    it(`starts with one row ${i}`, async () => {
      expect(await database.db('t')).to.have.length(1);
      await database.db('t').insert({ a: 2 });
      console.log(database.lease.url);
    });
  }
  it('fails', async () => {
    await database.db('t').insert({ a: 2 });
    expect(1).to.equal(2);
  });
  it('leaves trx', async () => {
    const trx = await database.db.transaction();
    await trx('t').insert({ a: 2 });
  });
  after(async () => {
  for (let k = 0; k < 3; k++) {
    const s = performance.now();
    for (let i = 0; i < 500; i++) {
      const l = await isolation.acquire();
      await l.release();
    }
    console.log((performance.now() - s) / 500);
    }
  });
});
