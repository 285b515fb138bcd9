import { mysql } from '@acme/db-isolation/engines/mysql';
import { postgres } from '@acme/db-isolation/engines/postgres';
import { sqlite } from '@acme/db-isolation/engines/sqlite';
import type { Knex } from 'knex';
import type { Dialect } from '../../src/db/database-url.ts';
import { prepareMysql } from '../../src/db/mysql.ts';
import { preparePostgres } from '../../src/db/postgres.ts';
import { SqliteClient } from '../../src/db/sqlite-client.ts';

/** The engine that the suite runs on: `TEST_ENGINE`, or SQLite. */
export const testEngine: Dialect = chosenEngine(process.env['TEST_ENGINE'] || 'sqlite');

/** The server that tests run on; undefined on SQLite. */
export const testServer: string | undefined = serverOf(testEngine);

/** The library's engine, made for the server of this run. */
export function isolationEngine() {
  switch (testEngine) {
    case 'sqlite':
      return sqlite({ pragmas: { journal_mode: 'wal' } });
    case 'postgres':
      return postgres({ server: String(testServer) });
    case 'mysql':
      return mysql({ server: String(testServer) });
  }
}

/** What tests give Knex besides the place of a database: that which makes a connection one of the service. */
export const knexConfig: Knex.Config = {
  sqlite: { client: SqliteClient },
  postgres: { client: 'pg', asyncStackTraces: true, pool: { afterCreate: preparePostgres } },
  mysql: { client: 'mysql2', asyncStackTraces: true, pool: { afterCreate: prepareMysql } },
}[testEngine];

/** Adds tests that are about one or two of the engines; on the others there are no such tests. */
export function onlyOn(engines: Dialect | readonly Dialect[], addTests: () => void): void {
  if ([engines].flat().includes(testEngine)) {
    addTests();
  }
}

function chosenEngine(name: string): Dialect {
  if (name !== 'sqlite' && name !== 'postgres' && name !== 'mysql') {
    throw new Error(`TEST_ENGINE must be sqlite, postgres or mysql, not ${name}`);
  }
  return name;
}

function serverOf(engine: Dialect): string | undefined {
  if (engine === 'sqlite') {
    return undefined;
  }
  const variable = { postgres: 'DB_ISOLATION_POSTGRES_URL', mysql: 'DB_ISOLATION_MYSQL_URL' }[engine];
  const url = process.env[variable];
  if (url === undefined || url === '') {
    throw new Error(`TEST_ENGINE=${engine} needs ${variable}, the URL of a server`);
  }
  return url;
}
