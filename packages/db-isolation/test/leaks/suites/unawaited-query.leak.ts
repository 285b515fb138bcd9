import { db, engine, expectTemplate } from '../support/index.ts';

const SLOW_INSERT = {
  sqlite: "insert into note (text) values ('nobody waits')",
  postgres: "insert into note (text) select 'nobody waits' from pg_sleep(0.5)",
  mysql: "insert into note (text) select if(sleep(0.5), '', 'nobody waits')",
};

describe('unawaited-query', () => {
  it('plants a query that nobody awaits', async () => {
    const query = db().raw(SLOW_INSERT[engine]);
    const started = new Promise((resolve) => query.on('query', resolve));
    query.then(
      () => undefined,
      () => undefined,
    );
    await started;
  });

  it('starts from the template', () => expectTemplate());
});
