import { db, engine, expectTemplate, polluted, rowsOf } from '../support/index.ts';

const NAME = `leaks-${process.pid}`; // on MariaDB such locks are the whole server's
const LOCK = {
  sqlite: '',
  postgres: `select pg_advisory_lock(4711)`,
  mysql: `select get_lock('${NAME}', 0)`,
};

describe('advisory-lock', () => {
  it('plants an advisory lock that is not released', async () => {
    await db().raw(LOCK[engine]);
  });

  it('starts from the template, and the lock is free', async () => {
    if (engine === 'mysql') {
      const [row] = await rowsOf(db(), `select is_free_lock('${NAME}') as free`);
      if (row?.['free'] !== 1) polluted('lock');
    }
    await expectTemplate();
  });
});
