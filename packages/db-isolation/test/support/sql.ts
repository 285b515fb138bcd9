import mysql from 'mysql2/promise';
import pg from 'pg';

/** One connection to a server, made without this library. */
export interface Sql {
  /** Runs one statement; answers its rows, and none for a statement without rows. */
  rows(sql: string): Promise<readonly Record<string, unknown>[]>;
  /** The same for a statement whose rows have one column. */
  values(sql: string): Promise<readonly unknown[]>;
  end(): Promise<void>;
}

/** Connects to the database of a `postgres://` or `mysql://` URL. */
export async function connect(url: string): Promise<Sql> {
  return url.startsWith('postgres') ? connectPostgres(url) : connectMysql(url);
}

/** Connects, does something, and ends the connection whatever happens. */
export async function withSql<T>(url: string, work: (sql: Sql) => Promise<T>): Promise<T> {
  const sql = await connect(url);
  try {
    return await work(sql);
  } finally {
    await sql.end();
  }
}

/** A URL with other parts; what is left out stays. */
export function urlWith(
  url: string,
  parts: { readonly user?: string; readonly password?: string; readonly database?: string },
): string {
  const changed = new URL(url);
  if (parts.user !== undefined) changed.username = encodeURIComponent(parts.user);
  if (parts.password !== undefined) changed.password = encodeURIComponent(parts.password);
  if (parts.database !== undefined) changed.pathname = `/${encodeURIComponent(parts.database)}`;
  return changed.href;
}

async function connectPostgres(url: string): Promise<Sql> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined); // the next query tells
  await client.connect();
  return sqlOf(
    async (sql) => (await client.query<Record<string, unknown>>(sql)).rows,
    () => client.end(),
  );
}

async function connectMysql(url: string): Promise<Sql> {
  const connection = await mysql.createConnection({ uri: url, supportBigNumbers: true });
  connection.on('error', () => undefined);
  return sqlOf(
    async (sql) => {
      const [rows] = await connection.query(sql);
      return Array.isArray(rows) ? (rows as Record<string, unknown>[]) : [];
    },
    () => connection.end(),
  );
}

function sqlOf(rows: Sql['rows'], end: Sql['end']): Sql {
  const values = async (sql: string) => (await rows(sql)).map((row) => Object.values(row)[0]);
  return { rows, values, end };
}
