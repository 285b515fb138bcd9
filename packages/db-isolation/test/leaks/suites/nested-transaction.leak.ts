import { db, expectTemplate } from '../support/index.ts';

describe('nested-transaction', () => {
  it('plants a savepoint in a transaction, both unfinished', async () => {
    const outer = await db().transaction();
    await outer('note').insert({ text: 'in the outer one' });
    const inner = await outer.transaction();
    await inner('note').insert({ text: 'in the inner one' });
  });

  it('starts from the template', () => expectTemplate());
});
