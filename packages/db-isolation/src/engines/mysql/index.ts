import type { Engine } from '../engine.ts';
import { serverEngine } from '../server/server-engine.ts';
import type { ServerOptions } from '../server/session.ts';
import { createMysqlDialect } from './mysql-dialect.ts';

/** Options of {@link mysql}. */
export interface MysqlOptions extends ServerOptions {
  /**
   * The server, as `mysql://user:password@host:port` or `mariadb://…`, with or without a path and with the parameters that
   * mysql2 understands. Default: the environment variable `DB_ISOLATION_MYSQL_URL`.
   */
  readonly server?: string;
}

/**
 * Gives every test a database of its own on a MariaDB server (10.6 or later) or a MySQL server (8.0 or later). Needs mysql2,
 * and a user with all rights to databases named `dbi\_%`.
 *
 * Everything that it makes there is named `dbi_…`, and written down in a database of its own before it is made.
 *
 * @throws {IsolationError} `DBI_INVALID_OPTION`.
 * @example
 * createIsolation({ engine: mysql({ server: 'mysql://root@localhost:3306' }), … });
 */
export function mysql(options: MysqlOptions = {}): Engine {
  const kind = { variable: 'DB_ISOLATION_MYSQL_URL', folder: import.meta.url, createDialect: createMysqlDialect };
  return serverEngine(kind, options);
}
