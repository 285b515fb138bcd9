import type pg from 'pg';
import type { ServerAddress } from '../../engines/engine.ts';
import { loadPackage } from '../drivers.ts';
import { executePg, pgSession } from '../sessions/pg.ts';
import { Sessions } from '../sessions/sessions.ts';
import { endOf, type Handle } from './handle.ts';

/**
 * Makes a pool of pg whose connections are watched.
 *
 * @param settings of the app's own pool; where the database is and how many connections it gets is not taken from them.
 * @throws {IsolationError} `DBI_DRIVER_MISSING`, `DBI_DRIVER_UNSUPPORTED`.
 */
export function openPgPool({ url, maxConnections }: ServerAddress, settings: pg.PoolConfig): Handle<pg.Pool> {
  const driver = loadPackage<typeof pg>('pg').exports;
  const sessions = new Sessions<pg.Client>();
  const config = { ...settings, connectionString: url, min: 0, max: maxConnections };
  const pool = new driver.Pool({
    ...config,
    Client: watched((config.Client as typeof pg.Client) ?? driver.Client, sessions),
  });
  watch(pool, sessions);
  return {
    db: pool,
    execute: (sql) => executePg(driver.Client, pool.options, sql, sessions),
    ...endOf(sessions, () => {
      if (sessions.used) endOnce(pool);
    }),
  };
}

/** Ends a pool, which the app may then end once more, in an `after()` hook: it does not know that this has been done. */
function endOnce(pool: pg.Pool): void {
  if (pool.ending) return;
  const end = pool.end.bind(pool);
  // Not awaited: a pool waits for connections that the app has, and for goodbyes of the server.
  end(() => undefined);
  pool.end = ((callback?: () => void) => {
    pool.end = end;
    if (!callback) return Promise.resolve();
    return void process.nextTick(callback);
  }) as pg.Pool['end'];
}

/** Clients that are known from the moment on in which they are made, and so also while they connect. */
function watched(Client: typeof pg.Client, sessions: Sessions<pg.Client>) {
  return class extends Client {
    constructor(config?: pg.ClientConfig) {
      super(config);
      sessions.add(this, pgSession(this));
      this.once('end', () => sessions.remove(this));
    }
  };
}

/** Watches what a pool gives out; `query` of the pool asks for a connection through `connect` as well. */
function watch(pool: pg.Pool, sessions: Sessions<pg.Client>): void {
  pool.on('acquire', (client) => sessions.lend(client));
  pool.on('release', (_error, client) => sessions.giveBack(client));
  pool.on('error', () => undefined); // a server that ends an idle connection must not end the process

  const connect = pool.connect.bind(pool) as () => Promise<pg.PoolClient>;
  const tooLate = (client: pg.Client) => (client as pg.PoolClient).release(true);
  pool.connect = ((callback?: Callback) => {
    const request = sessions.request(connect, tooLate) as Promise<pg.PoolClient>;
    if (!callback) return request;
    return void request.then(
      (client) => process.nextTick(callback, undefined, client, client.release),
      (error: unknown) => process.nextTick(callback, error, undefined, () => undefined),
    );
  }) as pg.Pool['connect'];
}

type Callback = (error: unknown, client: pg.PoolClient | undefined, release: () => void) => void;
