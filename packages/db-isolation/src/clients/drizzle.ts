import type BetterSqlite3 from 'better-sqlite3';
import type { DrizzleConfig } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import type { MySql2Database, MySql2DrizzleConfig } from 'drizzle-orm/mysql2';
import type { NodePgDatabase } from 'drizzle-orm/node-postgres';
import type { Pool, PoolOptions } from 'mysql2/promise';
import type { Pool as PgPool, PoolConfig } from 'pg';
import type { Address } from '../engines/engine.ts';
import { invalidOption } from '../errors.ts';
import type { Client } from './client.ts';
import { assertSupported, type Installed, loadCopyOfApp, settingsWithoutPlace } from './drivers.ts';
import { fingerprintOf } from './fingerprint.ts';
import { clientOf, type Handle, handleOn } from './handles/handle.ts';
import { openMysql2Pool } from './handles/mysql2.ts';
import { openPgPool } from './handles/pg.ts';
import { openSqlite, type SqliteSettings } from './handles/sqlite.ts';

/** Drizzle's database for each kind of engine, as `drizzle()` of its driver makes it. */
export interface DrizzleDatabases<Schema extends Record<string, unknown>> {
  readonly sqlite: BetterSQLite3Database<Schema> & { readonly $client: BetterSqlite3.Database };
  readonly postgres: NodePgDatabase<Schema> & { readonly $client: PgPool };
  readonly mysql: MySql2Database<Schema> & { readonly $client: Pool };
}

/** `sqlite`, `postgres` or `mysql`. */
export type DrizzleDialect = Address['dialect'];

/** The dialect of the tables in a schema; any for a schema without tables. */
export type DialectOf<Schema> = [NameIn<Schema[keyof Schema]>] extends [never]
  ? DrizzleDialect
  : DialectsByName[NameIn<Schema[keyof Schema]>];

/** By the names that Drizzle gives them in the types of its tables. */
interface DialectsByName {
  readonly sqlite: 'sqlite';
  readonly pg: 'postgres';
  readonly mysql: 'mysql';
}

type NameIn<Value> = Value extends { readonly _: { readonly config: { readonly dialect: infer Name } } }
  ? Extract<Name, keyof DialectsByName>
  : never;

/** Options of {@link drizzleClient}. */
export interface DrizzleClientOptions<Schema extends Record<string, unknown>, Dialect extends DrizzleDialect>
  extends DrizzleConfig<Schema>,
    Pick<SqliteSettings, 'setup'> {
  /** The engine's, which decides the type of the database. Default: that of the tables in `schema`. */
  readonly dialect?: Dialect;
  /** How relational queries are made for `mysql`. Default: `'default'`. */
  readonly mode?: NonNullable<MySql2DrizzleConfig['mode']>;
  /**
   * Settings of the driver that the app's own connections have too: those of the constructor of better-sqlite3, of a pool
   * of pg, or of a pool of mysql2. Where the database is and how many connections it gets is not taken from here.
   */
  readonly connection?: Omit<SqliteSettings, 'setup'> | PoolConfig | PoolOptions;
}

/**
 * Opens each test's database as a Drizzle database of its own, over a connection of better-sqlite3, a pool of pg or a pool
 * of `mysql2/promise`, as the engine needs it; that is its `$client`. Needs drizzle-orm, and that driver. The type of
 * `lease.db` follows from the tables in `schema`; without a schema, `dialect` says it.
 *
 * @throws {IsolationError} On use: `DBI_DRIVER_MISSING`, `DBI_DRIVER_UNSUPPORTED`, `DBI_INVALID_OPTION` for a dialect or
 * tables of another engine; queries fail with `DBI_TOO_MANY_CONNECTIONS` when the server has no room.
 * @example
 * import * as schema from '../src/schema.ts'; // of pgTable()
 * const isolation = createIsolation({ engine: postgres({ server }), client: drizzleClient({ schema }), … });
 * await isolation.run('one invoice', ({ db }) => db.insert(schema.invoice).values({ number: 'R-1' }));
 */
export function drizzleClient<
  Schema extends Record<string, unknown> = Record<string, never>,
  Dialect extends DrizzleDialect = DialectOf<Schema>,
>(options: DrizzleClientOptions<Schema, Dialect> = {}): Client<DrizzleDatabases<Schema>[Dialect]> {
  const { dialect, connection, setup, mode = 'default', schema, ...config } = options;
  const settings = { connection: settingsWithoutPlace(connection), ...(setup && { setup }) };
  return clientOf({
    async fingerprint() {
      return fingerprintOf('drizzle', assertSupported('drizzle-orm'), { ...config, mode, schema }, settings);
    },
    async open(address) {
      assertDialect(address, dialect, schema);
      const { drizzle } = (await loadDrizzle(address.dialect)).exports;
      const handle = openDriver(address, settings);
      const relational = schema && { schema, mode };
      return handleOn(drizzle({ ...config, ...relational, client: handle.db }), handle);
    },
  });
}

/** Drizzle's module for each driver, and the driver's package, without which it cannot be loaded. */
const MODULES = {
  sqlite: { driver: 'better-sqlite3', id: 'drizzle-orm/better-sqlite3' },
  postgres: { driver: 'pg', id: 'drizzle-orm/node-postgres' },
  mysql: { driver: 'mysql2', id: 'drizzle-orm/mysql2' },
} as const satisfies Readonly<Record<DrizzleDialect, { readonly driver: string; readonly id: string }>>;

/** What these modules have in common. */
interface DrizzleModule {
  drizzle<Db>(config: object): Db;
}

function loadDrizzle(dialect: DrizzleDialect): Promise<Installed<DrizzleModule>> {
  const { driver, id } = MODULES[dialect];
  assertSupported('drizzle-orm');
  assertSupported(driver);
  return loadCopyOfApp<DrizzleModule>('drizzle-orm', id);
}

interface Settings extends Pick<SqliteSettings, 'setup'> {
  readonly connection: object;
}

function openDriver(address: Address, { connection, setup }: Settings): Handle<unknown> {
  switch (address.dialect) {
    case 'sqlite':
      return openSqlite(address, { ...connection, ...(setup && { setup }) });
    case 'postgres':
      return openPgPool(address, connection);
    case 'mysql': {
      const handle = openMysql2Pool(address, connection);
      return handleOn(handle.db.promise(), handle);
    }
  }
}

/** Otherwise the type of the database would not be true, and the SQL that Drizzle writes not the engine's. */
function assertDialect(address: Address, dialect: DrizzleDialect | undefined, schema: object = {}): void {
  const expected = `"${address.dialect}", as the engine's is`;
  if (dialect !== undefined && dialect !== address.dialect) throw invalidOption('dialect', dialect, expected);
  for (const [name, value] of Object.entries(schema)) {
    const found = dialectOfTable(value);
    if (found && found !== address.dialect) throw invalidOption(`The dialect of schema.${name}`, found, expected);
  }
}

/** Undefined for what is no table. Drizzle marks its classes, so that those of another copy of it are known as well. */
function dialectOfTable(value: unknown): DrizzleDialect | undefined {
  let kind: unknown = Object.getPrototypeOf(Object(value))?.constructor;
  while (typeof kind === 'function') {
    const dialect = TABLES.get(Reflect.get(kind, Symbol.for('drizzle:entityKind')));
    if (dialect) return dialect;
    kind = Object.getPrototypeOf(kind);
  }
  return undefined;
}

const TABLES = new Map<unknown, DrizzleDialect>([
  ['SQLiteTable', 'sqlite'],
  ['PgTable', 'postgres'],
  ['MySqlTable', 'mysql'],
]);
