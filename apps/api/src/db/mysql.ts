import type { Knex } from 'knex';
import type { Connection } from 'mysql2';
import { UnsuitableServerError } from './unsuitable-server.ts';

const MOST_CONNECTIONS = 10;
const CONNECT_LIMIT_MS = 10_000;
const OLDEST_MYSQL = [8, 0, 17] as const;
const OLDEST_MARIADB = [10, 11, 0] as const;

/**
 * What every connection is told first, whatever the server's own defaults are. Strict: what does not fit is an error,
 * never cut. READ COMMITTED, as on PostgreSQL: at MySQL's own REPEATABLE READ a transaction that lost to another one
 * would still read the state before it.
 */
const SESSION = [
  'SET NAMES utf8mb4 COLLATE utf8mb4_bin',
  `SET SESSION sql_mode = 'STRICT_ALL_TABLES,ONLY_FULL_GROUP_BY,NO_ENGINE_SUBSTITUTION', time_zone = '+00:00',
    innodb_lock_wait_timeout = 3, lock_wait_timeout = 30, default_storage_engine = InnoDB`,
  'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
];

/** What Knex needs to use a MySQL or MariaDB server; connects on the first query. */
export function mysqlConfig(url: string): Knex.Config {
  return {
    client: 'mysql2',
    // A server's errors arrive without a word on which query they answer.
    asyncStackTraces: true,
    // Knex's types do not know the option.
    connection: { uri: url, timezone: 'Z', connectTimeout: CONNECT_LIMIT_MS } as Knex.MySql2ConnectionConfig,
    pool: { min: 0, max: MOST_CONNECTIONS, afterCreate: prepareMysql },
  };
}

/** Makes a new connection one of this service: `afterCreate` of Knex's pool. */
export function prepareMysql(connection: Connection, done: (error: unknown, connection: Connection) => void): void {
  runAll(connection, SESSION).then(
    () => done(null, connection),
    (error) => done(error, connection),
  );
}

/**
 * Checks that the server can keep what the service writes.
 *
 * @throws UnsuitableServerError when it is too old.
 */
export async function checkMysql(db: Knex): Promise<void> {
  const [[{ version }]] = await db.raw('SELECT VERSION() AS version');
  refuseOldMysql(version);
}

/** @throws UnsuitableServerError for a version before MySQL 8.0.17 or MariaDB 10.11. */
export function refuseOldMysql(version: string): void {
  const [name, oldest] = isMariaDb(version) ? ['MariaDB', OLDEST_MARIADB] : ['MySQL', OLDEST_MYSQL];
  const numbers = version.split(/[.-]/, 3).map(Number);
  const different = oldest.findIndex((number, index) => numbers[index] !== number);
  if (different !== -1 && (numbers[different] ?? 0) < (oldest[different] ?? 0)) {
    throw new UnsuitableServerError(
      `the server is ${name} ${numbers.join('.')}: ${oldest.join('.')} or later is needed`,
    );
  }
}

/** Whether the server that calls itself so is a MariaDB. */
export function isMariaDb(version: string): boolean {
  return /mariadb/i.test(version);
}

async function runAll(connection: Connection, statements: readonly string[]): Promise<void> {
  for (const statement of statements) {
    await connection.promise().query(statement);
  }
}
