import { db, expectTemplate } from '../support/index.ts';

describe('ddl', () => {
  it('plants another table and another column', async () => {
    await db().schema.createTable('extra', (table) => table.increments('id'));
    await db().schema.alterTable('note', (table) => table.text('extra'));
  });

  it('starts from the template', () => expectTemplate());
});
