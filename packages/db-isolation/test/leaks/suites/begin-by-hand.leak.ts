import { db, expectTemplate } from '../support/index.ts';

describe('begin-by-hand', () => {
  it('plants a BEGIN without an end', async () => {
    await db().raw('begin');
    await db()('note').insert({ text: 'after begin' });
  });

  it('starts from the template', () => expectTemplate());
});
