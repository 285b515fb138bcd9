import type pg from 'pg';
import type { Client } from './client.ts';
import { loadPackage, serverAddress, settingsWithoutPlace } from './drivers.ts';
import { fingerprintOf } from './fingerprint.ts';
import { clientOf } from './handles/handle.ts';
import { openPgPool } from './handles/pg.ts';

/** Options of {@link pgClient}. */
export interface PgClientOptions {
  /**
   * Merged into the configuration of every pool, for what the app's own pool has too, such as `types` or
   * `statement_timeout`. Where the database is and how many connections it gets is not taken from here.
   */
  readonly config?: Omit<
    pg.PoolConfig,
    'connectionString' | 'host' | 'port' | 'user' | 'password' | 'database' | 'max'
  >;
}

/**
 * Opens each test's database as a `pg.Pool` of its own. Needs pg, and the engine for PostgreSQL.
 *
 * @throws {IsolationError} On use: `DBI_DRIVER_MISSING`, `DBI_DRIVER_UNSUPPORTED`, `DBI_INVALID_OPTION` with another
 * engine; queries fail with `DBI_TOO_MANY_CONNECTIONS` when the server has no room.
 * @example
 * const isolation = createIsolation({ engine: postgres({ server }), client: pgClient(), schema });
 * await isolation.run('one invoice', ({ db }) => db.query('insert into invoice (number) values ($1)', ['R-1']));
 */
export function pgClient(options: PgClientOptions = {}): Client<pg.Pool> {
  const config = settingsWithoutPlace(options.config);
  return clientOf({
    fingerprint: async () => fingerprintOf('pg', loadPackage('pg').version, { config }),
    open: async (address) => openPgPool(serverAddress('pgClient()', 'postgres', address), config),
  });
}
