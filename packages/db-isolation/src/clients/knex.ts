import { createRequire } from 'node:module';
import type { Knex } from 'knex';
import type { Address } from '../engines/engine.ts';
import { driverMissing, hasCode, invalidOption } from '../errors.ts';
import type { Client, Leak } from './client.ts';
import { type Checkout, type RawConnection, trackCheckouts } from './knex-checkouts.ts';

/** Options of {@link knexClient}. */
export interface KnexClientOptions {
  /**
   * Merged into the configuration of every instance, for what the app's own instance has too: `wrapIdentifier`,
   * `postProcessResponse`, a dialect class of the app's own as `client` (default: `'better-sqlite3'`). Where the
   * database is and how many connections it gets is not taken from here.
   */
  readonly config?: Omit<Knex.Config, 'connection'>;
  /**
   * How long a query waits for a connection, in milliseconds. Default: 5,000, so that a query which waits for itself
   * (`db(…)` inside a transaction, with SQLite's one connection) fails with Knex's explanation instead of after a minute.
   */
  readonly acquireConnectionTimeout?: number;
}

/**
 * Opens each test's database as a Knex instance of its own. Needs knex.
 *
 * @throws {IsolationError} `DBI_INVALID_OPTION` for the name of another driver.
 * @example
 * createIsolation({ client: knexClient({ config: knexSnakeCaseMappers() }), … });
 */
export function knexClient(options: KnexClientOptions = {}): Client<Knex> {
  return new KnexClient(options);
}

const DRIVER = 'better-sqlite3';

class KnexClient implements Client<Knex> {
  readonly #options: KnexClientOptions;
  #loaded: LoadedKnex | undefined;
  readonly #checkouts = new WeakMap<Knex, Checkout>();

  constructor(options: KnexClientOptions) {
    const driver = options.config?.client;
    if (typeof driver === 'string' && driver !== DRIVER) {
      throw invalidOption('config.client', driver, `"${DRIVER}", or a dialect class of the app's own`);
    }
    this.#options = options;
  }

  async fingerprint(): Promise<string> {
    const { version } = loadKnex();
    return JSON.stringify(['knex', version, this.#options], textOfAnything());
  }

  async open(address: Address): Promise<Knex> {
    const { config } = this.#options;
    const { acquireConnectionTimeout = config?.acquireConnectionTimeout ?? 5_000 } = this.#options;
    const afterCreate = config?.pool?.afterCreate;
    this.#loaded ??= load(config?.client);
    const db = this.#loaded.create({
      useNullAsDefault: true,
      ...config,
      client: this.#loaded.dialect,
      connection: { filename: address.filename },
      acquireConnectionTimeout,
      pool: {
        ...config?.pool,
        min: 0, // connects on first use, so a test that makes no query pays for none
        max: 1, // a second connection would only wait for the first
        afterCreate(connection: RawConnection, done: (error: unknown, connection: unknown) => void) {
          for (const statement of address.onConnect) connection.exec(statement);
          if (afterCreate) afterCreate(connection, done);
          else done(null, connection);
        },
      },
    });
    this.#checkouts.set(db, trackCheckouts(db.client));
    return db;
  }

  async execute(db: Knex, sql: string): Promise<void> {
    const connection = await db.client.acquireConnection();
    try {
      connection.exec(sql);
    } finally {
      await db.client.releaseConnection(connection);
    }
  }

  fence(db: Knex, reason: () => Error): void {
    this.#checkouts.get(db)?.fence(reason);
  }

  async close(db: Knex): Promise<readonly Leak[]> {
    const checkout = this.#checkouts.get(db);
    if (!checkout?.connected) return []; // there is nothing to close, and Knex takes its time to find that out
    // Knex waits for connections that are out of its pool, so an unfinished transaction would make destroy() hang.
    const leaks = await checkout.takeBack();
    await db.destroy();
    return leaks;
  }
}

/** For `JSON.stringify`: configurations hold functions, and loggers that refer to themselves. */
function textOfAnything(): (key: string, value: unknown) => unknown {
  const seen = new WeakSet<object>();
  return (_, value) => {
    if (typeof value === 'function' || typeof value === 'bigint') return String(value);
    if (typeof value !== 'object' || value === null) return value;
    if (seen.has(value)) return 'seen before';
    seen.add(value);
    return value;
  };
}

interface LoadedKnex {
  readonly create: typeof import('knex').default;
  readonly dialect: typeof Knex.Client;
}

/** Knex looks its driver up in the file system for every instance; this subclass of the dialect remembers it. */
function load(client: Knex.Config['client'] = DRIVER): LoadedKnex {
  const { create } = loadKnex();
  const Dialect = create({ client, useNullAsDefault: true }).client.constructor as DialectClass;
  let driver: unknown;
  class DialectWithDriver extends Dialect {
    override _driver(): unknown {
      driver ??= super._driver();
      return driver;
    }
  }
  return { create, dialect: DialectWithDriver as unknown as typeof Knex.Client };
}

/** The part of a dialect that is used here; Knex's own types leave the method out. */
type DialectClass = new (config: Knex.Config) => { _driver(): unknown };

function loadKnex(): { create: typeof import('knex').default; version: string } {
  const require = createRequire(import.meta.url);
  try {
    return { create: require('knex'), version: require('knex/package.json').version };
  } catch (error) {
    throw hasCode(error, 'MODULE_NOT_FOUND') ? driverMissing('knex', 'npm install --save-dev knex', error) : error;
  }
}
