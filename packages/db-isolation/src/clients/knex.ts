import type { Knex } from 'knex';
import type { Address } from '../engines/engine.ts';
import { invalidOption } from '../errors.ts';
import type { Leak } from '../leaks.ts';
import { within } from '../real-time.ts';
import type { Client, Refusal } from './client.ts';
import { assertSupported, loadOrTell, loadPackage, settingsWithoutPlace } from './drivers.ts';
import { fingerprintOf } from './fingerprint.ts';
import { type Checkouts, trackCheckouts } from './knex-checkouts.ts';
import { configFor, KNEX_DIALECTS, type KnexDialect } from './knex-dialects.ts';
import { ANSWER_MS } from './sessions/session.ts';

/** Options of {@link knexClient}. */
export interface KnexClientOptions {
  /**
   * Merged into the configuration of every instance, for what the app's own instance has too: `wrapIdentifier`,
   * `postProcessResponse`, a dialect class of the app's own as `client` (default: `'better-sqlite3'`, `'pg'` or `'mysql2'`,
   * as the engine needs it). Under `connection` it may have settings of the driver, such as `timezone`. Where the database
   * is and how many connections it gets is not taken from here.
   */
  readonly config?: Omit<Knex.Config, 'connection'> & { readonly connection?: unknown };
  /**
   * How long a query waits for a connection, in milliseconds. Default: 5,000, so that a query which waits for itself
   * (`db(…)` inside a transaction, with SQLite's one connection) fails with Knex's explanation instead of after a minute.
   */
  readonly acquireConnectionTimeout?: number;
}

/**
 * Opens each test's database as a Knex instance of its own. Needs knex, and the driver of the engine: better-sqlite3, pg
 * or mysql2.
 *
 * @throws {IsolationError} `DBI_INVALID_OPTION` for the name of another driver; on use: the same for the driver of another
 * engine, `DBI_DRIVER_MISSING`, `DBI_DRIVER_UNSUPPORTED`; queries fail with `DBI_TOO_MANY_CONNECTIONS` when the server has
 * no room.
 * @example
 * createIsolation({ client: knexClient({ config: knexSnakeCaseMappers() }), … });
 */
export function knexClient(options: KnexClientOptions = {}): Client<Knex> {
  return new KnexClient(options);
}

class KnexClient implements Client<Knex> {
  readonly #config: Knex.Config & { readonly connection: object; readonly acquireConnectionTimeout: number };
  readonly #loaded = new Map<string, LoadedKnex>();
  readonly #open = new WeakMap<Knex, { readonly checkouts: Checkouts; readonly dialect: KnexDialect }>();

  constructor(options: KnexClientOptions) {
    const client = options.config?.client;
    const drivers = Object.values(KNEX_DIALECTS).map(({ driver }) => driver);
    if (typeof client === 'string' && !drivers.some((driver) => driver === client)) {
      const names = drivers.map((driver) => `"${driver}"`).join(', ');
      throw invalidOption('config.client', client, `one of ${names}, or a dialect class of the app's own`);
    }
    const { config, acquireConnectionTimeout = config?.acquireConnectionTimeout ?? 5_000 } = options;
    this.#config = { ...config, acquireConnectionTimeout, connection: settingsWithoutPlace(config?.connection) };
  }

  async fingerprint(): Promise<string> {
    return fingerprintOf('knex', loadPackage('knex').version, this.#config);
  }

  async open(address: Address): Promise<Knex> {
    const dialect: KnexDialect = KNEX_DIALECTS[address.dialect];
    const { create, Dialect } = this.#load(dialect.driver);
    const db = create({ ...configFor(address, this.#config), client: Dialect });
    this.#open.set(db, { dialect, checkouts: trackCheckouts(db.client, dialect) });
    return db;
  }

  async execute(db: Knex, sql: string): Promise<void> {
    const open = this.#open.get(db);
    await open?.dialect.execute(db.client, sql, open.checkouts.sessions);
  }

  fence(db: Knex, reason: Refusal): void {
    this.#open.get(db)?.checkouts.sessions.fence(reason);
  }

  async close(db: Knex, ownPorts?: ReadonlySet<number>): Promise<readonly Leak[]> {
    const checkouts = this.#open.get(db)?.checkouts;
    if (!checkouts?.sessions.used) return []; // there is nothing to close, and Knex takes its time to find that out
    try {
      return await checkouts.takeBack(ownPorts);
    } finally {
      // Only a connection that is being made at this moment can keep Knex from being done; it ends when it comes.
      await within(ANSWER_MS, db.destroy(), () => new Error('late')).catch(() => undefined);
    }
  }

  /** Knex looks its driver up in the file system for every instance; this does so once. */
  #load(driver: string): LoadedKnex {
    const { client = driver } = this.#config;
    if (typeof client === 'string' && client !== driver) {
      throw invalidOption('config.client', client, `"${driver}" with this engine, or left out`);
    }
    const loaded = this.#loaded.get(driver) ?? load(client, driver);
    this.#loaded.set(driver, loaded);
    return loaded;
  }
}

interface LoadedKnex {
  readonly create: typeof import('knex').default;
  /** A subclass that remembers its driver. */
  readonly Dialect: typeof Knex.Client;
}

function load(client: NonNullable<Knex.Config['client']>, name: string): LoadedKnex {
  const create = loadPackage<typeof import('knex').default>('knex').exports;
  if (typeof client === 'string') assertSupported(name); // a dialect of the app's own may use whatever it wants
  const dialect: Dialect = create({ client, useNullAsDefault: true }).client;
  const driver = loadOrTell(name, () => dialect._driver());
  class DialectWithDriver extends (dialect.constructor as DialectClass) {
    override _driver(): unknown {
      return driver;
    }
  }
  return { create, Dialect: DialectWithDriver as unknown as typeof Knex.Client };
}

/** The part of a dialect that is used here; Knex's own types leave the method out. */
interface Dialect {
  _driver(): unknown;
}

type DialectClass = new (config: Knex.Config) => Dialect;
