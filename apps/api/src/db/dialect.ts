import type { Knex } from 'knex';
import type { Dialect } from './database-url.ts';

const DIALECTS: Readonly<Record<string, Dialect>> = { sqlite3: 'sqlite', postgresql: 'postgres', mysql: 'mysql' };

/**
 * The kind of database behind a Knex instance or transaction.
 *
 * @throws Error for one that the service does not run on.
 */
export function dialectOf(db: Knex): Dialect {
  const dialect = DIALECTS[db.client.dialect];
  if (dialect === undefined) {
    throw new Error(`The service does not run on ${db.client.dialect}`);
  }
  return dialect;
}
