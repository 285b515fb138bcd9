import { db, expectTemplate } from '../support/index.ts';

describe('unfinished-transaction', () => {
  it('plants a transaction that is never committed', async () => {
    const transaction = await db().transaction();
    await transaction('note').insert({ text: 'never committed' });
  });

  it('starts from the template', () => expectTemplate());
});
