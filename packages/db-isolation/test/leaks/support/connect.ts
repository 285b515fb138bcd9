import knex, { type Knex } from 'knex';

export type EngineName = 'sqlite' | 'postgres' | 'mysql';

const DRIVERS = { sqlite: 'better-sqlite3', postgres: 'pg', mysql: 'mysql2' };

/** Knex for a database, as any app would make it. On SQLite, `url` is the path of a file. */
export function connectTo(url: string, engine: EngineName): Knex {
  return knex({
    client: DRIVERS[engine],
    connection: engine === 'sqlite' ? { filename: url } : url,
    useNullAsDefault: true,
    acquireConnectionTimeout: 2000,
  });
}

/** The rows of a query, which each driver wraps in its own way. */
export async function rowsOf(db: Knex, sql: string): Promise<readonly Record<string, unknown>[]> {
  const answer = await db.raw(sql);
  if (answer.rows) return answer.rows;
  return Array.isArray(answer[0]) ? answer[0] : answer;
}
