import { createRequire } from 'node:module';
import type mysql2 from 'mysql2';
import type { Pool, PoolOptions } from 'mysql2/promise';
import type { Address } from '../engines/engine.ts';
import type { Leak } from '../leaks.ts';
import type { Client, Refusal } from './client.ts';
import { loadOrTell, serverAddress, settingsWithoutPlace } from './drivers.ts';
import { fingerprintOf } from './fingerprint.ts';
import { executeMysql2, mysql2Session, mysql2Settings } from './sessions/mysql2.ts';
import { Sessions } from './sessions/sessions.ts';

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
 * @throws {IsolationError} On use: `DBI_DRIVER_MISSING`, `DBI_INVALID_OPTION` with another engine; queries fail with
 * `DBI_TOO_MANY_CONNECTIONS` when the server has no room.
 * @example
 * const client = mysql2Client({ config: { timezone: 'Z' } });
 * const isolation = createIsolation({ engine: mysql({ server }), client, schema });
 * await isolation.run('one invoice', ({ db }) => db.execute('insert into invoice (number) values (?)', ['R-1']));
 */
export function mysql2Client(options: Mysql2ClientOptions = {}): Client<Pool> {
  return new Mysql2Client(options);
}

interface Opened {
  readonly pool: mysql2.Pool;
  readonly settings: PoolOptions;
  readonly sessions: Sessions<mysql2.PoolConnection>;
}

class Mysql2Client implements Client<Pool> {
  readonly #options: Mysql2ClientOptions;
  readonly #open = new WeakMap<Pool, Opened>();

  constructor(options: Mysql2ClientOptions) {
    this.#options = { config: settingsWithoutPlace(options.config) };
  }

  async fingerprint(): Promise<string> {
    return fingerprintOf('mysql2', loadMysql2().version, this.#options);
  }

  async open(address: Address): Promise<Pool> {
    const { url, maxConnections } = serverAddress('mysql2Client()', 'mysql', address);
    const settings = { ...this.#options.config, ...mysql2Settings(url) };
    const pool = loadMysql2().driver.createPool({ ...settings, connectionLimit: maxConnections });
    const sessions = new Sessions<mysql2.PoolConnection>();
    watch(pool, sessions, () => loadMysql2().driver.createConnection(settings));
    const db = pool.promise();
    this.#open.set(db, { pool, settings, sessions });
    return db;
  }

  async execute(db: Pool, sql: string): Promise<void> {
    const open = this.#open.get(db);
    if (open) await executeMysql2(loadMysql2().driver, open.settings, sql, open.sessions);
  }

  fence(db: Pool, reason: Refusal): void {
    this.#open.get(db)?.sessions.fence(reason);
  }

  async close(db: Pool, ownPorts?: ReadonlySet<number>): Promise<readonly Leak[]> {
    const open = this.#open.get(db);
    if (!open) return [];
    const { pool, sessions } = open;
    const leaks = sessions.used ? await sessions.leaks(ownPorts) : [];
    await sessions.end();
    pool.end(() => undefined); // also stops the pool's timer; not awaited, since the server need not answer goodbyes
    return leaks;
  }
}

/** Watches what a pool gives out; `query` and `execute` of the pool ask for a connection in the same way. */
function watch(pool: mysql2.Pool, sessions: Sessions<mysql2.PoolConnection>, connect: () => mysql2.Connection): void {
  pool.on('connection', (connection) => {
    sessions.add(connection, mysql2Session(connection, connect));
    connection.once('end', () => sessions.remove(connection));
  });

  const getConnection = pool.getConnection.bind(pool);
  const ask = () =>
    new Promise<mysql2.PoolConnection>((resolve, reject) => {
      getConnection((error, connection) => (error ? reject(error) : resolve(connection)));
    });
  const tooLate = (connection: mysql2.PoolConnection) => connection.release();
  pool.getConnection = (callback) => {
    sessions.request(ask, tooLate).then(
      (connection) => {
        sessions.lend(connection);
        process.nextTick(callback, null, connection);
      },
      (error: unknown) => process.nextTick(callback, error),
    );
  };
  const releaseConnection = pool.releaseConnection.bind(pool);
  pool.releaseConnection = (connection) => {
    sessions.giveBack(connection as mysql2.PoolConnection);
    releaseConnection(connection);
  };
}

function loadMysql2(): { readonly driver: typeof mysql2; readonly version: string } {
  const require = createRequire(import.meta.url);
  return loadOrTell('mysql2', () => ({
    driver: require('mysql2'),
    version: require('mysql2/package.json').version,
  }));
}
