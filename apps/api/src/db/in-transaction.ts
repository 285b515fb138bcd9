import { setTimeout as sleep } from 'node:timers/promises';
import type { Knex } from 'knex';
import { DatabaseBusyError } from '../errors.ts';
import { isLockedOut, isTransientFailure } from './transient-failure.ts';

/** How the time between two attempts passes. */
export interface Pauses {
  readonly sleep: (milliseconds: number) => Promise<unknown>;
  /** From 0 up to 1, as Math.random. */
  readonly random: () => number;
}

/** What a Knex instance emits whenever one of its transactions is to be run again. */
export const TRANSACTION_RETRY = 'transaction-retry';

const MOST_ATTEMPTS = 5;
const FIRST_PAUSE_MS = 40;

/**
 * Runs the writes of one use case in one transaction, which has been committed when the promise resolves. A transaction
 * that the database ended because of others (a deadlock, a serialization failure, a lock waited for too long) is rolled
 * back whole and run again, up to five times in all: so `work` must do nothing but read and write through `trx`. Inside
 * another transaction it is a part of that one, which is run again as a whole.
 *
 * Only the handler form of Knex's transactions is used: `await trx.commit()` resolves also when COMMIT failed.
 *
 * @throws DatabaseBusyError when the last attempt failed like the others; whatever `work` throws.
 */
export async function inTransaction<T>(
  db: Knex,
  work: (trx: Knex.Transaction) => Promise<T>,
  pauses: Pauses = { sleep, random: Math.random },
): Promise<T> {
  if (db.isTransaction) {
    return db.transaction(work);
  }
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await db.transaction(work);
    } catch (cause) {
      if (isLockedOut(cause)) {
        // Waiting for the file keeps the whole process waiting: once is enough.
        throw new DatabaseBusyError(attempt, { cause });
      }
      if (!isTransientFailure(cause)) {
        throw cause;
      }
      if (attempt === MOST_ATTEMPTS) {
        throw new DatabaseBusyError(attempt, { cause });
      }
    }
    db.emit(TRANSACTION_RETRY);
    await pauses.sleep(pauseAfter(attempt, pauses.random()));
  }
}

/** Twice as long after each attempt, and between half and all of that, so that two in each other's way part. */
function pauseAfter(attempt: number, random: number): number {
  return FIRST_PAUSE_MS * 2 ** (attempt - 1) * (0.5 + random / 2);
}
