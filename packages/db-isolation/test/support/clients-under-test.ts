import type { Address, Client, Engine } from '@acme/db-isolation';
import { type BetterSqlite3ClientOptions, betterSqlite3Client } from '@acme/db-isolation/clients/better-sqlite3';
import { type DrizzleClientOptions, drizzleClient } from '@acme/db-isolation/clients/drizzle';
import { type KnexClientOptions, knexClient } from '@acme/db-isolation/clients/knex';
import { type KyselyClientOptions, kyselyClient } from '@acme/db-isolation/clients/kysely';
import { type Mysql2ClientOptions, mysql2Client } from '@acme/db-isolation/clients/mysql2';
import { type PgClientOptions, pgClient } from '@acme/db-isolation/clients/pg';
import { mysql } from '@acme/db-isolation/engines/mysql';
import { postgres } from '@acme/db-isolation/engines/postgres';
import type BetterSqlite3 from 'better-sqlite3';
import { type SQL, sql as sqlOf } from 'drizzle-orm';
import type { Knex } from 'knex';
import { CompiledQuery, type Kysely } from 'kysely';
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

/** The better-sqlite3 client, for the contracts. */
export function betterSqlite3UnderTest(engine: () => Engine, options?: BetterSqlite3ClientOptions) {
  return {
    dialect: 'sqlite',
    engine,
    client: () => betterSqlite3Client(options),
    lendsNothing: true,
    async query(db, sql, values = []) {
      const statement = db.prepare<unknown[], Row>(sql);
      if (statement.reader) return statement.all(...values);
      statement.run(...values);
      return [];
    },
    async leaveTransactionOpen(db, sql) {
      db.exec('begin');
      db.exec(sql);
      return async () => db.exec(sql);
    },
    borrow: async (db) => ({ query: async (sql) => db.prepare(sql).run(), giveBack: () => undefined }),
  } satisfies ClientUnderTest<BetterSqlite3.Database>;
}

/** The Kysely client, for the contracts. */
export function kyselyUnderTest<Dialect extends Address['dialect']>(
  dialect: Dialect,
  engine: () => Engine,
  options?: KyselyClientOptions,
): ClientUnderTest<Kysely<unknown>> & { readonly dialect: Dialect } {
  const query = async (db: Pick<Kysely<unknown>, 'executeQuery'>, sql: string, values: readonly string[] = []) =>
    (await db.executeQuery<Row>(CompiledQuery.raw(sql, [...values]))).rows;
  return {
    dialect,
    engine,
    client: () => kyselyClient(options),
    query,
    async leaveTransactionOpen(db, sql) {
      const transaction = await db.startTransaction().execute();
      await query(transaction, sql);
      return () => query(transaction, sql);
    },
    borrow: (db) =>
      new Promise((resolve, reject) => {
        const use = (connection: Kysely<unknown>) =>
          new Promise<void>((giveBack) => {
            resolve({ query: (sql) => query(connection, sql), giveBack });
          });
        const lend = async () => await db.connection().execute(use);
        lend().catch(reject);
      }),
  };
}

/** The Drizzle client on SQLite, for the contracts. */
export function drizzleOnSqlite(engine: () => Engine, options?: DrizzleClientOptions<Record<string, never>, 'sqlite'>) {
  const client = () => drizzleClient({ dialect: 'sqlite', ...options });
  return {
    dialect: 'sqlite',
    engine,
    client,
    lendsNothing: true,
    async query(db, sql, values) {
      if (/^select/.test(sql)) return db.all<Row>(drizzleSql(sql, values));
      db.run(drizzleSql(sql, values));
      return [];
    },
    async leaveTransactionOpen(db, sql) {
      db.run('begin');
      db.run(sql);
      return async () => db.run(sql);
    },
    borrow: async (db) => ({ query: async (sql) => db.run(sql), giveBack: () => undefined }),
  } satisfies ClientUnderTest<Opened<ReturnType<typeof client>>>;
}

/** The Drizzle client on PostgreSQL, for the contracts. */
export function drizzleOnPostgres(
  engine: () => Engine,
  options?: DrizzleClientOptions<Record<string, never>, 'postgres'>,
) {
  const client = () => drizzleClient({ dialect: 'postgres', ...options });
  return {
    dialect: 'postgres',
    engine,
    client,
    // What is only awaited is sent with nothing of the test on the stack, and so from no known place.
    query: async (db, sql, values) => (await db.execute(drizzleSql(sql, values)).execute()).rows,
    leaveTransactionOpen: (db, sql) =>
      new Promise((resolve, reject) => {
        const forever = db.transaction(async (transaction) => {
          await transaction.execute(sql);
          resolve(async () => transaction.execute(sql));
          await new Promise(() => undefined);
        });
        forever.catch(reject);
      }),
    borrow: async (db) => {
      const connection = await db.$client.connect();
      return { query: (sql) => connection.query(sql), giveBack: () => connection.release() };
    },
  } satisfies ClientUnderTest<Opened<ReturnType<typeof client>>>;
}

/** The Drizzle client on MariaDB and MySQL, for the contracts. */
export function drizzleOnMysql(engine: () => Engine, options?: DrizzleClientOptions<Record<string, never>, 'mysql'>) {
  const client = () => drizzleClient({ dialect: 'mysql', ...options });
  return {
    dialect: 'mysql',
    engine,
    client,
    query: async (db, sql, values) => (await db.execute(drizzleSql(sql, values)))[0] as unknown as Row[],
    leaveTransactionOpen: (db, sql) =>
      new Promise((resolve, reject) => {
        const forever = db.transaction(async (transaction) => {
          await transaction.execute(sql);
          resolve(async () => transaction.execute(sql));
          await new Promise(() => undefined);
        });
        forever.catch(reject);
      }),
    borrow: async (db) => {
      const connection = await db.$client.getConnection();
      return { query: (sql) => connection.query(sql), giveBack: () => connection.release() };
    },
  } satisfies ClientUnderTest<Opened<ReturnType<typeof client>>>;
}

type Opened<C extends Client<unknown>> = C extends Client<infer Db> ? Db : never;

/** Drizzle has no placeholders in texts. */
function drizzleSql(text: string, values: readonly string[] = []): SQL {
  const [first = '', ...rest] = text.split(/\?|\$1/);
  if (values.length === 0) return sqlOf.raw(text);
  const parts = rest.flatMap((part, index) => [sqlOf`${values[index]}`, sqlOf.raw(part)]);
  return sqlOf.join([sqlOf.raw(first), ...parts]);
}
