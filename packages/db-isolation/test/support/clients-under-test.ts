import type { Address, Engine } from '@acme/db-isolation';
import { type KnexClientOptions, knexClient } from '@acme/db-isolation/clients/knex';
import { type Mysql2ClientOptions, mysql2Client } from '@acme/db-isolation/clients/mysql2';
import { type PgClientOptions, pgClient } from '@acme/db-isolation/clients/pg';
import { mysql } from '@acme/db-isolation/engines/mysql';
import { postgres } from '@acme/db-isolation/engines/postgres';
import type { Knex } from 'knex';
import type * as mysql2 from 'mysql2/promise';
import type * as pg from 'pg';
import type { ClientUnderTest, Row } from '../contracts/client-contract.ts';

/** An engine on the server with this URL, whose clients may have three connections. */
export function engineOn(dialect: 'postgres' | 'mysql', server: string): Engine {
  return { postgres, mysql }[dialect]({ server, connectionsPerTest: 3 });
}

/** The Knex client, for the contracts. */
export function knexUnderTest<Dialect extends Address['dialect']>(
  dialect: Dialect,
  engine: () => Engine,
  options?: KnexClientOptions,
): ClientUnderTest<Knex> & { readonly dialect: Dialect } {
  return {
    dialect,
    engine,
    client: () => knexClient(options),
    async query(db, sql, values = []) {
      const result = await db.raw(sql.replaceAll('$1', '?'), values);
      return { sqlite: result, postgres: result.rows, mysql: result[0] }[dialect];
    },
    async leaveTransactionOpen(db, sql) {
      const transaction = await db.transaction();
      transaction.executionPromise.catch(() => undefined);
      await transaction.raw(sql);
      return () => transaction.raw(sql);
    },
    async borrow(db) {
      const connection = await db.client.acquireConnection();
      const query = {
        sqlite: async (sql: string) => connection.prepare(sql).run(),
        postgres: (sql: string) => connection.query(sql),
        mysql: (sql: string) => connection.promise().query(sql),
      }[dialect];
      return { query, giveBack: () => db.client.releaseConnection(connection) };
    },
  };
}

/** The pg client, for the contracts. */
export function pgUnderTest(engine: () => Engine, options?: PgClientOptions) {
  return {
    dialect: 'postgres',
    engine,
    client: () => pgClient(options),
    query: async (db, sql, values = []) => (await db.query<Row>(sql, [...values])).rows,
    async leaveTransactionOpen(db, sql) {
      const connection = await db.connect();
      await connection.query('begin');
      await connection.query(sql);
      return () => connection.query(sql);
    },
    async borrow(db) {
      const connection = await db.connect();
      return { query: (sql) => connection.query(sql), giveBack: () => connection.release() };
    },
  } satisfies ClientUnderTest<pg.Pool>;
}

/** The mysql2 client, for the contracts. */
export function mysql2UnderTest(engine: () => Engine, options?: Mysql2ClientOptions) {
  return {
    dialect: 'mysql',
    engine,
    client: () => mysql2Client(options),
    query: async (db, sql, values = []) => (await db.query<mysql2.RowDataPacket[]>(sql, [...values]))[0],
    async leaveTransactionOpen(db, sql) {
      const connection = await db.getConnection();
      await connection.beginTransaction();
      await connection.query(sql);
      return () => connection.execute(sql);
    },
    async borrow(db) {
      const connection = await db.getConnection();
      return { query: (sql) => connection.query(sql), giveBack: () => connection.release() };
    },
  } satisfies ClientUnderTest<mysql2.Pool>;
}
