/** The last two are PostgreSQL's and that of MySQL's driver. */
const UNIQUE_CODES = new Set(['SQLITE_CONSTRAINT_PRIMARYKEY', 'SQLITE_CONSTRAINT_UNIQUE', '23505', 'ER_DUP_ENTRY']);

/** Whether a database error says that a row with the same unique value is there already. */
export function isUniqueViolation(error: unknown): boolean {
  return error instanceof Error && 'code' in error && UNIQUE_CODES.has(String(error.code));
}
