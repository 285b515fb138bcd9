import { db, expectTemplate } from '../support/index.ts';

describe('skipped', () => {
  it('plants rows and then skips itself', async function () {
    await db()('note').insert({ text: 'before the skip' });
    await db().schema.createTable('extra', (table) => table.increments('id'));
    this.skip();
  });

  it('starts from the template', () => expectTemplate());
});
