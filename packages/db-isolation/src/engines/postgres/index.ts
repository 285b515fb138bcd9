import type { Engine } from '../engine.ts';
import { serverEngine } from '../server/server-engine.ts';
import type { ServerOptions } from '../server/session.ts';
import { createPostgresDialect } from './postgres-dialect.ts';

/** Options of {@link postgres}. */
export interface PostgresOptions extends ServerOptions {
  /**
   * The server, as `postgres://user:password@host:port`, with the parameters that pg understands. A database in it is only
   * used to connect once. Default: the environment variable `DB_ISOLATION_POSTGRES_URL`.
   */
  readonly server?: string;
}

/**
 * Gives every test a PostgreSQL database of its own, on a server of version 15 or later. Needs pg, and a user who may create
 * databases.
 *
 * Everything that it makes there is named `dbi_…`, and written down in a database of its own before it is made.
 *
 * @throws {IsolationError} `DBI_INVALID_OPTION`.
 * @example
 * createIsolation({ engine: postgres({ server: 'postgres://postgres@localhost:5432' }), … });
 */
export function postgres(options: PostgresOptions = {}): Engine {
  const kind = { variable: 'DB_ISOLATION_POSTGRES_URL', folder: import.meta.url, createDialect: createPostgresDialect };
  return serverEngine(kind, options);
}
