import { setTimeout as sleep } from 'node:timers/promises';
import type { Knex } from 'knex';
import type { RunnableIsolation } from '../../src/runner-access.ts';
import { type Approach, time } from '../approach.ts';
import { settle } from '../isolations.ts';
import { oneQuery } from './one-query.ts';

/** The row to which others are compared. */
export const OURS = 'ours, empty pool: acquire + query + release';

const TESTS_IN_A_ROW = 40;
const TEST_MS = 25;

/** A test that comes when no database is ready; the pool is emptied after each round, outside what is noted. */
export function fromEmptyPool(isolation: RunnableIsolation<Knex>, gone: (url: string) => Promise<void>): Approach {
  return {
    async round(note) {
      const started = performance.now();
      const lease = await isolation.acquire();
      const acquired = performance.now();
      await oneQuery(lease.db);
      const queried = performance.now();
      const { url } = lease;
      await lease.release();
      const released = performance.now();
      await gone(url);
      note('ours, empty pool: acquire', acquired - started);
      note('ours, empty pool: release', released - queried);
      note(OURS, released - started);
      note('ours, empty pool: … until the database is gone', performance.now() - started);
      await settle(isolation);
    },
  };
}

/** Tests one after the other, of which the first finds an empty pool. All are counted, also those that had to wait. */
export function fromPool(isolation: RunnableIsolation<Knex>): Approach {
  return {
    slow: true,
    async round(note) {
      for (let test = 0; test < TESTS_IN_A_ROW; test += 1) {
        const started = performance.now();
        const lease = await isolation.acquire();
        note(`ours, tests of ${TEST_MS} ms: acquire`, performance.now() - started);
        await Promise.all([sleep(TEST_MS), readAndWrite(lease.db)]);
        note(`ours, tests of ${TEST_MS} ms: release`, await time(() => lease.release()));
        note(`ours, tests of ${TEST_MS} ms: whole test`, performance.now() - started);
      }
      await settle(isolation);
    },
  };
}

/** What a test does in its 25 ms; it may take longer where the server is busy. */
async function readAndWrite(db: Knex): Promise<void> {
  for (let i = 1; i <= 5; i += 1) {
    await db('invoice').where('supplier_id', i).limit(10);
    await db('person').insert({ name: `person ${i} of a test` });
  }
}
