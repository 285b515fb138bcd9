import type { Knex } from 'knex';
import { connectTo, engine, expectTemplate, urlOfTest } from '../support/index.ts';

describe('second-pool', () => {
  let pool: Knex | undefined;
  after(() => pool?.destroy()); // or else its timers would keep the process alive

  it('plants a pool of its own to the test’s database that it does not close', async () => {
    pool = connectTo(urlOfTest(), engine);
    await pool('note').insert({ text: 'by the second pool' });
  });

  it('starts from the template', () => expectTemplate());
});
