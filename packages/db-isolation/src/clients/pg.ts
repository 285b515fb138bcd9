import { createRequire } from 'node:module';
import type pg from 'pg';
import type { Address } from '../engines/engine.ts';
import type { Leak } from '../leaks.ts';
import type { Client, Refusal } from './client.ts';
import { loadOrTell, serverAddress, settingsWithoutPlace } from './drivers.ts';
import { fingerprintOf } from './fingerprint.ts';
import { executePg, pgSession } from './sessions/pg.ts';
import { Sessions } from './sessions/sessions.ts';

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
 * @throws {IsolationError} On use: `DBI_DRIVER_MISSING`, `DBI_INVALID_OPTION` with another engine; queries fail with
 * `DBI_TOO_MANY_CONNECTIONS` when the server has no room.
 * @example
 * const isolation = createIsolation({ engine: postgres({ server }), client: pgClient(), schema });
 * await isolation.run('one invoice', ({ db }) => db.query('insert into invoice (number) values ($1)', ['R-1']));
 */
export function pgClient(options: PgClientOptions = {}): Client<pg.Pool> {
  return new PgClient(options);
}

class PgClient implements Client<pg.Pool> {
  readonly #options: PgClientOptions;
  readonly #open = new WeakMap<pg.Pool, Sessions<pg.Client>>();

  constructor(options: PgClientOptions) {
    this.#options = { config: settingsWithoutPlace(options.config) };
  }

  async fingerprint(): Promise<string> {
    return fingerprintOf('pg', loadPg().version, this.#options);
  }

  async open(address: Address): Promise<pg.Pool> {
    const { url, maxConnections } = serverAddress('pgClient()', 'postgres', address);
    const { driver } = loadPg();
    const sessions = new Sessions<pg.Client>();
    const config = { ...this.#options.config, connectionString: url, min: 0, max: maxConnections };
    const pool = new driver.Pool({
      ...config,
      Client: watched((config.Client as typeof pg.Client) ?? driver.Client, sessions),
    });
    watch(pool, sessions);
    this.#open.set(pool, sessions);
    return pool;
  }

  async execute(pool: pg.Pool, sql: string): Promise<void> {
    const sessions = this.#open.get(pool);
    if (sessions) await executePg(loadPg().driver.Client, pool.options, sql, sessions);
  }

  fence(pool: pg.Pool, reason: Refusal): void {
    this.#open.get(pool)?.fence(reason);
  }

  async close(pool: pg.Pool, ownPorts?: ReadonlySet<number>): Promise<readonly Leak[]> {
    const sessions = this.#open.get(pool);
    if (!sessions?.used) return [];
    const leaks = await sessions.leaks(ownPorts);
    await sessions.end();
    endOnce(pool);
    return leaks;
  }
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

function loadPg(): { readonly driver: typeof pg; readonly version: string } {
  const require = createRequire(import.meta.url);
  return loadOrTell('pg', () => ({ driver: require('pg'), version: require('pg/package.json').version }));
}
