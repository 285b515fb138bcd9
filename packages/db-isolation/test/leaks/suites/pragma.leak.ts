import { db, expectTemplate } from '../support/index.ts';

describe('pragma', () => {
  it('plants PRAGMAs that change the connection and the file', async () => {
    await db().raw('pragma user_version = 7');
    await db().raw('pragma foreign_keys = off');
  });

  it('starts from the template', () => expectTemplate());
});
