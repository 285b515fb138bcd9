import { db, engine, expectTemplate } from '../support/index.ts';

const SETTINGS = {
  sqlite: [],
  postgres: ["set search_path = 'elsewhere'", "set statement_timeout = '9s'"],
  mysql: ['set session foreign_key_checks = 0', "set session sql_mode = ''"],
};

describe('session-setting', () => {
  it('plants settings of a session that goes back to the pool', async () => {
    for (const setting of SETTINGS[engine]) await db().raw(setting);
  });

  it('starts from the template', () => expectTemplate());
});
