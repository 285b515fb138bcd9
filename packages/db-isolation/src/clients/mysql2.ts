import type { Pool, PoolOptions } from 'mysql2/promise';
import type { Client } from './client.ts';
import { loadPackage, serverAddress, settingsWithoutPlace } from './drivers.ts';
import { fingerprintOf } from './fingerprint.ts';
import { clientOf, handleOn } from './handles/handle.ts';
import { openMysql2Pool } from './handles/mysql2.ts';

/** Options of {@link mysql2Client}. */
export interface Mysql2ClientOptions {
  /**
   * Merged into the configuration of every pool, for what the app's own pool has too, such as `timezone` or `typeCast`.
   * Where the database is and how many connections it gets is not taken from here.
   */
  readonly config?: Omit<PoolOptions, 'uri' | 'host' | 'port' | 'user' | 'password' | 'database' | 'connectionLimit'>;
}

/**
 * Opens each test's database as a pool of `mysql2/promise` of its own. Needs mysql2, and the engine for MariaDB and MySQL.
 *
 * @throws {IsolationError} On use: `DBI_DRIVER_MISSING`, `DBI_DRIVER_UNSUPPORTED`, `DBI_INVALID_OPTION` with another
 * engine; queries fail with `DBI_TOO_MANY_CONNECTIONS` when the server has no room.
 * @example
 * const client = mysql2Client({ config: { timezone: 'Z' } });
 * const isolation = createIsolation({ engine: mysql({ server }), client, schema });
 * await isolation.run('one invoice', ({ db }) => db.execute('insert into invoice (number) values (?)', ['R-1']));
 */
export function mysql2Client(options: Mysql2ClientOptions = {}): Client<Pool> {
  const config = settingsWithoutPlace(options.config);
  return clientOf({
    fingerprint: async () => fingerprintOf('mysql2', loadPackage('mysql2').version, { config }),
    async open(address) {
      const handle = openMysql2Pool(serverAddress('mysql2Client()', 'mysql', address), config);
      return handleOn(handle.db.promise(), handle);
    },
  });
}
