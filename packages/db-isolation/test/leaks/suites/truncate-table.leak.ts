import { db, engine, expectTemplate } from '../support/index.ts';

const EMPTY = { sqlite: 'delete from note', postgres: 'truncate table note', mysql: 'truncate table note' };

describe('truncate-table', () => {
  it('plants an emptied table', async () => {
    await db().raw(EMPTY[engine]);
  });

  it('starts from the template', () => expectTemplate());
});
