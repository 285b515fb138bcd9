import { createRequire } from 'node:module';
import type { Knex } from 'knex';
import type { Address } from '../engines/engine.ts';
import { driverMissing, hasCode } from '../errors.ts';
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
 * @example
 * createIsolation({ client: knexClient({ config: knexSnakeCaseMappers() }), … });
 */
export function knexClient(options: KnexClientOptions = {}): Client<Knex> {
  return new KnexClient(options);
}

class KnexClient implements Client<Knex> {
  readonly #options: KnexClientOptions;
  #knex: ReturnType<typeof loadKnex> | undefined;
  readonly #checkouts = new WeakMap<Knex, Checkout>();

  constructor(options: KnexClientOptions) {
    this.#options = options;
  }

  async fingerprint(): Promise<string> {
    const { version } = this.#load();
    return JSON.stringify(['knex', version, this.#options], (_, value) =>
      typeof value === 'function' ? String(value) : value,
    );
  }

  async open(address: Address): Promise<Knex> {
    const { config, acquireConnectionTimeout = 5_000 } = this.#options;
    const afterCreate = config?.pool?.afterCreate;
    const db = this.#load().create({
      client: 'better-sqlite3',
      useNullAsDefault: true,
      ...config,
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

  /** On first use, so that configuring an isolation loads no driver. */
  #load(): ReturnType<typeof loadKnex> {
    this.#knex ??= loadKnex();
    return this.#knex;
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
    // Knex waits for connections that are out of its pool, so an unfinished transaction would make destroy() hang.
    const leaks = (await this.#checkouts.get(db)?.takeBack()) ?? [];
    await db.destroy();
    return leaks;
  }
}

function loadKnex(): { create: typeof import('knex').default; version: string } {
  const require = createRequire(import.meta.url);
  try {
    return { create: require('knex'), version: require('knex/package.json').version };
  } catch (error) {
    throw hasCode(error, 'MODULE_NOT_FOUND') ? driverMissing('knex', 'npm install --save-dev knex', error) : error;
  }
}
