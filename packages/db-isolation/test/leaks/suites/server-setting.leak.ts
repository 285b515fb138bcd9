import { db, engine, expectTemplate } from '../support/index.ts';

const SETTING = {
  sqlite: '',
  postgres: "alter system set log_autovacuum_min_duration = '9min'",
  mysql: 'set global slow_launch_time = 3',
};

describe('server-setting', () => {
  it('plants a setting of the whole server', async () => {
    await db().raw(SETTING[engine]);
  });

  it('starts from the template', () => expectTemplate());
});
