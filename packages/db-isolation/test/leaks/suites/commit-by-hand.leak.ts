import { db, expectTemplate, fails } from '../support/index.ts';

describe('commit-by-hand', () => {
  it('plants a BEGIN and a COMMIT of its own', async () => {
    await fails(db().raw('begin')); // SQLite refuses it inside of a transaction, and apps retry without
    await db()('note').insert({ text: 'committed' });
    await db().raw('commit');
  });

  it('starts from the template', () => expectTemplate());
});
