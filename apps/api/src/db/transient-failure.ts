/** What the servers answer to a transaction that lost against another one and can be run again. */
const TRANSIENT_CODES = new Set([
  '40001', // PostgreSQL: serialization_failure
  '40P01', // PostgreSQL: deadlock_detected
  '55P03', // PostgreSQL: lock_not_available, after lock_timeout
  'ER_LOCK_DEADLOCK', // MySQL 1213; on Galera also at COMMIT
  'ER_LOCK_WAIT_TIMEOUT', // MySQL 1205
]);

/** Whether another process kept an SQLite file locked for as long as is waited for it. */
export function isLockedOut(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_BUSY');
}

/** Whether a database error only says that other transactions were in the way. */
export function isTransientFailure(error: unknown): boolean {
  return error instanceof Error && 'code' in error && TRANSIENT_CODES.has(String(error.code));
}
