import { db, expectTemplate, fails, lateWork } from '../support/index.ts';

describe('transaction-outlives-test', () => {
  const late = lateWork();

  it('plants a transaction that a timer commits later', async () => {
    const transaction = await db().transaction();
    await transaction('note').insert({ text: 'before the end' });
    late.fromTimer(async () => {
      await fails(transaction('note').insert({ text: 'after the end' }));
      await fails(transaction.commit());
    });
  });

  it('starts from the template, and stays so', async () => {
    await late.happensNow();
    await expectTemplate();
  });
});
