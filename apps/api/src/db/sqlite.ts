import { closeSync, openSync } from 'node:fs';
import path from 'node:path';
import type { Database } from 'better-sqlite3';
import type { Knex } from 'knex';
import { makeDirectory } from '../make-directory.ts';
import { keepStatements } from './keep-statements.ts';
import { SqliteClient } from './sqlite-client.ts';

const LOCK_WAIT_MS = 5_000;

/**
 * What Knex needs to open an SQLite file. One that does not exist is made now, for this user only.
 *
 * @throws the system's error when the file cannot be made.
 */
export function sqliteConfig(url: string): Knex.Config {
  const filename = sqliteFile(url);
  makeDirectory(path.dirname(filename));
  makePrivateFile(filename);
  return {
    client: SqliteClient,
    connection: { filename },
    useNullAsDefault: true,
    // One connection: SQLite has one writer at a time, and waiting in the pool is fair where waiting for a lock is not.
    // It stays open, so that others can tell that the file is in use.
    pool: { min: 1, max: 1, afterCreate: prepareConnection },
  };
}

/** The file of a URL. `%20` and the like are decoded in an absolute one only: the relative form is no URL but a name. */
export function sqliteFile(url: string): string {
  return url.startsWith('sqlite:///')
    ? path.resolve(decodeURIComponent(url.slice('sqlite://'.length)))
    : path.resolve(url.slice('sqlite:'.length));
}

/** SQLite would make it readable for everybody; its log files get the same mode as the file. */
function makePrivateFile(filename: string): void {
  try {
    closeSync(openSync(filename, 'wx', 0o600));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) {
      throw error;
    }
  }
}

function prepareConnection(connection: Database, done: (error: unknown, connection: Database) => void): void {
  try {
    connection.pragma(`busy_timeout = ${LOCK_WAIT_MS}`);
    connection.pragma('journal_mode = WAL');
    connection.pragma('synchronous = FULL');
    connection.pragma('foreign_keys = ON');
    keepStatements(connection);
    done(null, connection);
  } catch (error) {
    done(error, connection);
  }
}
