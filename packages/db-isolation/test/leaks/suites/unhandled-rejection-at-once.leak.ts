import { db, expectTemplate } from '../support/index.ts';

describe('unhandled-rejection-at-once', () => {
  it('plants a query that fails and that nobody awaits', async () => {
    await db()('note').insert({ text: 'by the test' });
    void Promise.reject(new Error('rejected on purpose'));
  });

  it('starts from the template, and is not blamed', () => expectTemplate());
});
