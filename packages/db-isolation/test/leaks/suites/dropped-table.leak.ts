import { db, expectTemplate } from '../support/index.ts';

describe('dropped-table', () => {
  it('plants a table less', async () => {
    await db().schema.dropTable('note');
  });

  it('starts from the template', () => expectTemplate());
});
