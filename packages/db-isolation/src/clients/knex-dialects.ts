import type { Knex } from 'knex';
import type mysql2 from 'mysql2';
import type pg from 'pg';
import type { Address, SqliteAddress } from '../engines/engine.ts';
import type { KnexDriver, KnexInternals } from './knex-checkouts.ts';
import { executeMysql2, mysql2Session, mysql2Settings } from './sessions/mysql2.ts';
import { executePg, pgSession } from './sessions/pg.ts';
import type { Sessions } from './sessions/sessions.ts';
import { type SqliteConnection, sqliteSession } from './sessions/sqlite.ts';

/** What is different for each kind of database. */
export interface KnexDialect<Connection = never> extends KnexDriver<Connection> {
  /** Knex's name for the driver, which is also the name of its package. */
  readonly driver: string;
  /** Runs a text that may hold several statements. */
  execute(client: KnexInternals, sql: string, sessions: Sessions<object>): Promise<void>;
}

/** By the dialect of an address. */
export const KNEX_DIALECTS = {
  sqlite: {
    driver: 'better-sqlite3',
    answersAtOnce: true,
    startSession: (connection) => sqliteSession(connection),
    afterFailedCommit(connection) {
      if (connection.inTransaction) connection.exec('rollback');
    },
    async execute(client, sql) {
      const connection = await client.acquireConnection();
      try {
        (connection as unknown as SqliteConnection).exec(sql);
      } finally {
        await client.releaseConnection(connection);
      }
    },
  } satisfies KnexDialect<SqliteConnection>,

  postgres: {
    driver: 'pg',
    startSession: (connection) => pgSession(connection),
    execute: ({ driver, connectionSettings }, sql, sessions) =>
      executePg((driver as typeof pg).Client, connectionSettings, sql, sessions),
  } satisfies KnexDialect<pg.Client>,

  mysql: {
    driver: 'mysql2',
    startSession: (connection, { driver, connectionSettings }) =>
      mysql2Session(connection, () => (driver as typeof mysql2).createConnection(connectionSettings)),
    execute: ({ driver, connectionSettings }, sql, sessions) =>
      executeMysql2(driver as typeof mysql2, connectionSettings, sql, sessions),
  } satisfies KnexDialect<mysql2.Connection>,
} as const;

/** The configuration of the instance for one database: the app's own, with another database and other connections. */
export function configFor(address: Address, config: Knex.Config & { connection: object }): Knex.Config {
  const settings = config.connection;
  // Connects on first use, so a test that makes no query pays for none.
  const pool = (max: number) => ({ ...config.pool, min: 0, max });
  switch (address.dialect) {
    case 'sqlite': {
      const connection = { ...settings, filename: address.filename };
      const afterCreate = onConnect(address, config.pool?.afterCreate as AfterCreate | undefined);
      // A second connection would only wait for the first.
      return { useNullAsDefault: true, ...config, connection, pool: { ...pool(1), afterCreate } };
    }
    case 'postgres': {
      const connection = { ...settings, connectionString: address.url };
      return { ...config, connection, pool: pool(address.maxConnections) };
    }
    case 'mysql': {
      const connection = { ...settings, ...mysql2Settings(address.url) };
      return { ...config, connection, pool: pool(address.maxConnections) };
    }
  }
}

/** Runs the engine's statements on every connection before the app's own function sees it. */
function onConnect(address: SqliteAddress, then: AfterCreate | undefined): AfterCreate {
  return (connection: SqliteConnection, done) => {
    for (const statement of address.onConnect) connection.exec(statement);
    if (then) then(connection, done);
    else done(null, connection);
  };
}

type AfterCreate = (connection: SqliteConnection, done: (error: unknown, connection: unknown) => void) => void;
