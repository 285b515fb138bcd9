import type {
  DatabaseConnection,
  Dialect,
  Driver,
  Kysely,
  KyselyConfig,
  MysqlDialectConfig,
  PostgresDialectConfig,
  SqliteDialectConfig,
} from 'kysely';
import type { PoolOptions } from 'mysql2/promise';
import type { PoolConfig } from 'pg';
import type { Address, SqliteAddress } from '../engines/engine.ts';
import type { Client } from './client.ts';
import { type Installed, loadCopyOfApp, settingsWithoutPlace } from './drivers.ts';
import { fingerprintOf } from './fingerprint.ts';
import { clientOf, type Handle, handleOn } from './handles/handle.ts';
import { openMysql2Pool } from './handles/mysql2.ts';
import { openPgPool } from './handles/pg.ts';
import { openSqlite, type SqliteSettings } from './handles/sqlite.ts';
import type { Sessions } from './sessions/sessions.ts';

/** Options of {@link kyselyClient}. */
export interface KyselyClientOptions
  extends Omit<KyselyConfig, 'dialect'>,
    Pick<PostgresDialectConfig, 'cursor' | 'onCreateConnection' | 'onReserveConnection'>,
    Pick<SqliteSettings, 'setup'> {
  /**
   * Settings of the driver that the app's own connections have too: those of the constructor of better-sqlite3, of a pool
   * of pg, or of a pool of mysql2. Where the database is and how many connections it gets is not taken from here.
   */
  readonly connection?: Omit<SqliteSettings, 'setup'> | PoolConfig | PoolOptions;
}

/**
 * Opens each test's database as a Kysely instance of its own, over a connection of better-sqlite3, a pool of pg or a pool
 * of mysql2, as the engine needs it. Needs kysely, and that driver.
 *
 * @throws {IsolationError} On use: `DBI_DRIVER_MISSING`, `DBI_DRIVER_UNSUPPORTED`; queries fail with
 * `DBI_TOO_MANY_CONNECTIONS` when the server has no room.
 * @example
 * const client = kyselyClient<Database>({ plugins: [new CamelCasePlugin()] });
 * const isolation = createIsolation({ engine: postgres({ server }), client, schema });
 * await isolation.run('one invoice', ({ db }) => db.insertInto('invoice').values({ number: 'R-1' }).execute());
 */
// biome-ignore lint/suspicious/noExplicitAny: an app that has not described its tables can use all names, as with Kysely<any>
export function kyselyClient<Database = any>(options: KyselyClientOptions = {}): Client<Kysely<Database>> {
  const { connection, setup, cursor, onCreateConnection, onReserveConnection, ...config } = options;
  const settings: Settings = {
    connection: settingsWithoutPlace(connection),
    ...(setup && { setup }),
    dialect: {
      ...(cursor && { cursor }),
      ...(onCreateConnection && { onCreateConnection }),
      ...(onReserveConnection && { onReserveConnection }),
    },
  };
  return clientOf({
    async fingerprint() {
      const { version } = await loadKysely();
      return fingerprintOf('kysely', version, config, settings);
    },
    async open(address) {
      const kysely = (await loadKysely()).exports;
      const handle = openDialect(kysely, address, settings);
      return handleOn(new kysely.Kysely<Database>({ ...config, dialect: handle.db }), handle);
    },
  });
}

interface Settings extends Pick<SqliteSettings, 'setup'> {
  readonly connection: object;
  readonly dialect: Omit<PostgresDialectConfig, 'pool'> & Omit<MysqlDialectConfig, 'pool'>;
}

type KyselyModule = typeof import('kysely');

function loadKysely(): Promise<Installed<KyselyModule>> {
  return loadCopyOfApp<KyselyModule>('kysely');
}

function openDialect(kysely: KyselyModule, address: Address, settings: Settings): Handle<Dialect> {
  const { connection, dialect } = settings;
  switch (address.dialect) {
    case 'sqlite':
      return openSqliteDialect(kysely, address, settings);
    case 'postgres': {
      const handle = openPgPool(address, connection);
      return handleOn(new kysely.PostgresDialect({ ...dialect, pool: handle.db }), handle);
    }
    case 'mysql': {
      const handle = openMysql2Pool(address, connection);
      return handleOn(new kysely.MysqlDialect({ ...dialect, pool: handle.db }), handle);
    }
  }
}

/** Kysely lends its one connection to whoever comes first; the others wait. */
function openSqliteDialect(
  { SqliteDialect }: KyselyModule,
  address: SqliteAddress,
  { connection, setup, dialect }: Settings,
): Handle<Dialect> {
  const handle = openSqlite(address, { ...connection, ...(setup && { setup }) });
  class WatchedDialect extends SqliteDialect {
    override createDriver(): Driver {
      return watched(super.createDriver(), handle.db, handle.sessions);
    }
  }
  return handleOn(new WatchedDialect({ ...dialect, database: handle.db } as SqliteDialectConfig), handle);
}

function watched<Raw extends object>(driver: Driver, raw: Raw, sessions: Sessions<Raw>): Driver {
  const acquire = driver.acquireConnection.bind(driver);
  const release = driver.releaseConnection.bind(driver);
  driver.acquireConnection = async () => {
    let connection: DatabaseConnection | undefined;
    const ask = async () => {
      connection = await acquire();
      return raw;
    };
    const giveBack = () => connection && release(connection);
    await sessions.request(ask, giveBack);
    sessions.lend(raw);
    return connection as unknown as DatabaseConnection;
  };
  driver.releaseConnection = async (connection) => {
    sessions.giveBack(raw);
    await release(connection);
  };
  return driver;
}
