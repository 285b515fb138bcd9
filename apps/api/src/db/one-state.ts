import type { Knex } from 'knex';

/** Runs several reads that must see one state of the database, with no write of others in between. */
export function readOneState<T>(db: Knex, reads: (trx: Knex.Transaction) => Promise<T>): Promise<T> {
  return db.transaction(reads);
}
