import { db, expectTemplate } from '../support/index.ts';

describe('retry', () => {
  let attempts = 0;

  it('plants rows in an attempt that fails, and passes in the next', async function () {
    this.retries(1);
    attempts += 1;
    await expectTemplate();
    if (attempts > 1) return;
    await db()('note').insert({ text: 'by the first attempt' });
    await db().schema.createTable('extra', (table) => table.increments('id'));
    throw new Error('fails on purpose');
  });

  it('starts from the template', () => expectTemplate());
});
