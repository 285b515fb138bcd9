import type { Knex } from 'knex';
import { dialectOf } from './dialect.ts';

/** Runs several reads that must see one state of the database, with no write of others in between. */
export function readOneState<T>(db: Knex, reads: (trx: Knex.Transaction) => Promise<T>): Promise<T> {
  // SQLite has nothing less.
  return dialectOf(db) === 'sqlite'
    ? db.transaction(reads, { readOnly: true })
    : db.transaction(reads, { isolationLevel: 'repeatable read' });
}
