import { db, engine, expectTemplate, fails, polluted } from '../support/index.ts';

const PREPARE = {
  sqlite: '',
  postgres: "prepare add_note as insert into note (text) values ('prepared')",
  mysql: "prepare add_note from 'insert into note (text) values (''prepared'')'",
};

describe('named-statement', () => {
  it('plants a named prepared statement on a pooled connection', async () => {
    await db().raw(PREPARE[engine]);
  });

  it('starts from the template, and knows no such statement', async () => {
    await expectTemplate();
    if (!(await fails(db().raw('execute add_note')))) polluted('statement');
  });
});
