import Database from 'better-sqlite3';
import { createConnection } from 'mysql2/promise';
import pg from 'pg';
import { dialectOfUrl } from '../../src/db/database-url.ts';

/** One connection of a database's own driver, with nothing in between. */
export interface BareConnection {
  run(sql: string, bindings: readonly unknown[]): Promise<unknown>;
  close(): Promise<void>;
}

/** Opens a connection that is as durable as the service's. */
export async function openBare(url: string): Promise<BareConnection> {
  switch (dialectOfUrl(url)) {
    case 'postgres':
      return openPostgres(url);
    case 'mysql':
      return openMysql(url);
    default:
      return openSqlite(url);
  }
}

function openSqlite(url: string): BareConnection {
  const db = new Database(url.slice('sqlite://'.length));
  db.pragma('busy_timeout = 5000');
  db.pragma('synchronous = FULL');
  const prepared = new Map<string, Database.Statement>();
  return {
    run: async (sql, bindings) => {
      const statement = prepared.get(sql) ?? db.prepare(sql);
      prepared.set(sql, statement);
      return statement.reader ? statement.all(...bindings) : statement.run(...bindings);
    },
    close: async () => {
      db.close();
    },
  };
}

async function openPostgres(url: string): Promise<BareConnection> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return { run: (sql, bindings) => client.query(sql, [...bindings]), close: () => client.end() };
}

async function openMysql(url: string): Promise<BareConnection> {
  const connection = await createConnection({ uri: url });
  await connection.query('SET NAMES utf8mb4 COLLATE utf8mb4_bin');
  return { run: (sql, bindings) => connection.query(sql, [...bindings]), close: () => connection.end() };
}
