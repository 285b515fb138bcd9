import type mysql2 from 'mysql2';
import type { PoolOptions } from 'mysql2/promise';
import type { ServerAddress } from '../../engines/engine.ts';
import { loadPackage } from '../drivers.ts';
import { executeMysql2, mysql2Session, mysql2Settings } from '../sessions/mysql2.ts';
import { Sessions } from '../sessions/sessions.ts';
import { endOf, type Handle } from './handle.ts';

/**
 * Makes a pool of mysql2, in its callback form, whose connections are watched.
 *
 * @param config of the app's own pool; where the database is and how many connections it gets is not taken from it.
 * @throws {IsolationError} `DBI_DRIVER_MISSING`, `DBI_DRIVER_UNSUPPORTED`.
 */
export function openMysql2Pool({ url, maxConnections }: ServerAddress, config: PoolOptions): Handle<mysql2.Pool> {
  const driver = loadPackage<typeof mysql2>('mysql2').exports;
  const settings = { ...config, ...mysql2Settings(url) };
  const pool = driver.createPool({ ...settings, connectionLimit: maxConnections });
  const sessions = new Sessions<mysql2.PoolConnection>();
  watch(pool, sessions, () => driver.createConnection(settings));
  return {
    db: pool,
    execute: (sql) => executeMysql2(driver, settings, sql, sessions),
    // Also stops the pool's timer; not awaited, since the server need not answer goodbyes.
    ...endOf(sessions, () => pool.end(() => undefined)),
  };
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
