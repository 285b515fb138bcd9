import type { Knex } from 'knex';
import { dialectOf } from './dialect.ts';

const LOCK_WAIT_SECONDS = 60;
/** Any number that nobody else uses in the same database. */
const POSTGRES_LOCK = 713_202_611;
/** Locks of MySQL are the server's, not the database's, and their names are at most 64 characters long. */
const MYSQL_LOCK = "CONCAT('invoice-api:', LEFT(SHA2(DATABASE(), 256), 40))";

/** Another process does for too long what only one may do at a time. */
export class LockedOutError extends Error {
  override name = 'LockedOutError';
}

/**
 * Runs a transaction that no other process of the service runs at the same time on this database; the others wait. The
 * lock goes with the connection, so that a process that was killed leaves none behind.
 *
 * @throws LockedOutError after a minute of waiting.
 */
export function exclusively<T>(db: Knex, work: (trx: Knex.Transaction) => Promise<T>): Promise<T> {
  switch (dialectOf(db)) {
    case 'sqlite':
      return db.transaction(work); // begins with the write lock
    case 'postgres':
      return onPostgres(db, work);
    case 'mysql':
      return onMysql(db, work);
  }
}

function onPostgres<T>(db: Knex, work: (trx: Knex.Transaction) => Promise<T>): Promise<T> {
  return db.transaction(async (trx) => {
    await trx.raw(`SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '${LOCK_WAIT_SECONDS}s'`);
    await trx.raw('SELECT pg_advisory_xact_lock(?)', [POSTGRES_LOCK]).catch((cause) => {
      throw cause.code === '55P03' ? lockedOut(cause) : cause;
    });
    return work(trx);
  });
}

/** MySQL commits before and after every DDL statement, so its lock has to be one that outlives transactions. */
async function onMysql<T>(db: Knex, work: (trx: Knex.Transaction) => Promise<T>): Promise<T> {
  const connection = await db.client.acquireConnection();
  try {
    const [[{ locked }]] = await db
      .raw(`SELECT GET_LOCK(${MYSQL_LOCK}, ?) AS locked`, [LOCK_WAIT_SECONDS])
      .connection(connection);
    if (locked !== 1) {
      throw lockedOut(undefined);
    }
    try {
      return await db.transaction(work, { connection });
    } finally {
      // A connection that broke has taken its locks with it.
      await db
        .raw(`DO RELEASE_LOCK(${MYSQL_LOCK})`)
        .connection(connection)
        .catch(() => undefined);
    }
  } finally {
    await db.client.releaseConnection(connection);
  }
}

function lockedOut(cause: unknown): LockedOutError {
  return new LockedOutError(`another process has been preparing it for more than ${LOCK_WAIT_SECONDS} seconds`, {
    cause,
  });
}
