import { db, engine, expectTemplate, fails, polluted } from '../support/index.ts';

describe('temporary-table', () => {
  it('plants a temporary table on a pooled connection', async () => {
    await db().raw('create temporary table scratch (id integer)');
  });

  it('starts from the template, without that table', async () => {
    await expectTemplate();
    if (engine !== 'mysql') return;
    if (!(await fails(db()('scratch')))) polluted('temporary tables');
  });
});
