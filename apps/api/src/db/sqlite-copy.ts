import { closeSync, existsSync, openSync } from 'node:fs';
import BetterSqlite3 from 'better-sqlite3';
import type { Knex } from 'knex';

const LOCK_WAIT_MS = 5_000;
/** More pages than any file has. */
const ALL_PAGES = 0x7fff_ffff;

/**
 * Copies an SQLite database while others write to it. The copy is the database as it was at one moment, and private.
 *
 * @throws an error of SQLite or of the file system; EEXIST when there is a file by the name of the copy.
 */
export async function copySqlite(file: string, copy: string): Promise<void> {
  closeSync(openSync(copy, 'wx', 0o600));
  const source = new BetterSqlite3(file, { fileMustExist: true, timeout: LOCK_WAIT_MS });
  try {
    // In one step: between two of them a writer would make SQLite begin from the first page again, each time.
    await source.backup(copy, { progress: () => ALL_PAGES });
  } finally {
    source.close();
  }
}

/** What is wrong with the pages or the references of an SQLite database; undefined when nothing is. */
export async function damageOf(db: Knex): Promise<string | undefined> {
  const [{ integrity_check }] = await db.raw('PRAGMA integrity_check(1)');
  if (integrity_check !== 'ok') {
    return 'it is damaged';
  }
  const [orphan] = await db.raw('PRAGMA foreign_key_check');
  return orphan === undefined ? undefined : `a row of ${orphan.table} refers to one that is not there`;
}

/** Whether another connection, of this process or of another one, has an SQLite database open. */
export function isSqliteInUse(file: string): boolean {
  if (!existsSync(file)) {
    return false;
  }
  const db = new BetterSqlite3(file, { fileMustExist: true, timeout: 0 });
  try {
    // Every connection holds a share of the file, also one that does nothing.
    db.pragma('locking_mode = EXCLUSIVE');
    db.exec('BEGIN EXCLUSIVE; ROLLBACK');
    return false;
  } catch (error) {
    if (isCode(error, 'SQLITE_BUSY')) {
      return true;
    }
    if (isCode(error, 'SQLITE_NOTADB') || isCode(error, 'SQLITE_CORRUPT')) {
      return false; // nobody can use it
    }
    throw error;
  } finally {
    db.close();
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith(code);
}
