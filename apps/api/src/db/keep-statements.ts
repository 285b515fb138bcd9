import type { Database, Statement } from 'better-sqlite3';

/** More than the service has different statements. */
const MOST_STATEMENTS = 200;
/** In characters. Longer ones insert many rows, each time another number of them. */
const LONGEST_SQL = 4_000;

/**
 * Lets a connection prepare each statement once, as Knex prepares every one anew: for a read by key that takes longer
 * than the reading. SQLite itself prepares a kept one again when the schema has changed. Safe only where statements are
 * run to their end at once, as Knex does, and never iterated.
 */
export function keepStatements(connection: Database): void {
  const prepare = connection.prepare.bind(connection) as (sql: string) => Statement;
  const kept = new Map<string, Statement>();
  const prepareOnce = (sql: string): Statement => {
    const known = kept.get(sql);
    if (known !== undefined) {
      // Again as the youngest, so that the first one is always the one that has not been used for longest.
      kept.delete(sql);
      kept.set(sql, known);
      return known;
    }
    const statement = prepare(sql);
    if (sql.length <= LONGEST_SQL) {
      kept.set(sql, statement);
      removeOldest(kept);
    }
    return statement;
  };
  connection.prepare = prepareOnce as Database['prepare'];
}

function removeOldest(kept: Map<string, Statement>): void {
  const [oldest] = kept.keys();
  if (kept.size > MOST_STATEMENTS && oldest !== undefined) {
    kept.delete(oldest);
  }
}
