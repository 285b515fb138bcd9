import type { Knex } from 'knex';
import type { Client } from 'pg';
import { UnsuitableServerError } from './unsuitable-server.ts';

const MOST_CONNECTIONS = 10;
const CONNECT_LIMIT_MS = 10_000;
const OLDEST_VERSION = 15;

/**
 * What every connection is told first, whatever the server's own defaults are. READ COMMITTED is enough for writes: a
 * guarded UPDATE decides between them, and what is read after it is what it left. A lock is waited for as long as on
 * the other engines, and no statement or forgotten transaction holds others up for ever.
 */
const SESSION = `
  SET default_transaction_isolation = 'read committed';
  SET TIME ZONE 'UTC';
  SET lock_timeout = '3s';
  SET statement_timeout = '30s';
  SET idle_in_transaction_session_timeout = '60s'`;

/** What Knex needs to use a PostgreSQL server; connects on the first query. */
export function postgresConfig(url: string): Knex.Config {
  return {
    client: 'pg',
    // A server's errors arrive without a word on which query they answer.
    asyncStackTraces: true,
    connection: {
      connectionString: url,
      application_name: 'invoice-api',
      connectionTimeoutMillis: CONNECT_LIMIT_MS,
      keepAlive: true,
    },
    pool: { min: 0, max: MOST_CONNECTIONS, afterCreate: preparePostgres },
  };
}

/** Makes a new connection one of this service: `afterCreate` of Knex's pool. */
export function preparePostgres(connection: Client, done: (error: unknown, connection: Client) => void): void {
  connection.query(SESSION).then(
    () => done(null, connection),
    (error) => done(error, connection),
  );
}

/**
 * Checks that the server can keep what the service writes.
 *
 * @throws UnsuitableServerError when it is too old, or its database cannot hold every text.
 */
export async function checkPostgres(db: Knex): Promise<void> {
  const { rows } = await db.raw(
    "SELECT current_setting('server_version') AS version, current_setting('server_encoding') AS encoding",
  );
  const [{ version, encoding }] = rows;
  refuseOldPostgres(version);
  if (encoding !== 'UTF8') {
    throw new UnsuitableServerError(`the database is encoded as ${encoding}: make one with ENCODING 'UTF8'`);
  }
}

/** @throws UnsuitableServerError for a version before 15. */
export function refuseOldPostgres(version: string): void {
  if (Number.parseInt(version, 10) < OLDEST_VERSION) {
    throw new UnsuitableServerError(`the server is PostgreSQL ${version}: ${OLDEST_VERSION} or later is needed`);
  }
}
