import { closeSync, openSync } from 'node:fs';
import path from 'node:path';
import type { Database } from 'better-sqlite3';
import createKnex, { type Knex } from 'knex';
import { makeDirectory } from '../make-directory.ts';
import { SqliteClient } from './sqlite-client.ts';

/** Which database to open. */
export interface DatabaseOptions {
  /** `sqlite:///absolute/file`, where `%20` and the like are decoded, or `sqlite:relative/file`. */
  readonly url: string;
}

const LOCK_WAIT_MS = 5_000;
const CONNECTION_WAIT_MS = 30_000;

/**
 * Makes the Knex instance of the service. A file that does not exist is made now, for this user only, and opened by the
 * first query.
 *
 * @throws Error when the URL is not one of the supported forms or the file cannot be made.
 */
export function createDatabase({ url }: DatabaseOptions): Knex {
  const filename = sqliteFile(url);
  makeDirectory(path.dirname(filename));
  makePrivateFile(filename);
  return createKnex({
    client: SqliteClient,
    connection: { filename },
    useNullAsDefault: true,
    // Knex prints failures to connect with their stack, and rejects with them as well; whoever asked reports them.
    log: { warn: () => undefined },
    acquireConnectionTimeout: CONNECTION_WAIT_MS,
    // One connection: SQLite has one writer at a time, and waiting in the pool is fair where waiting for a lock is not.
    pool: { min: 0, max: 1, afterCreate: prepareConnection },
  });
}

function sqliteFile(url: string): string {
  if (url.startsWith('sqlite:///')) {
    return path.resolve(decodeURIComponent(url.slice('sqlite://'.length)));
  }
  const file = /^sqlite:(?!\/\/)(.+)$/.exec(url)?.[1];
  if (file === undefined) {
    throw new Error(
      `Database URL must be sqlite:///absolute/file or sqlite:relative/file, not ${withoutPassword(url)}`,
    );
  }
  return path.resolve(file);
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

function withoutPassword(url: string): string {
  return url.replace(/\/\/[^/@]*@/, '//***@');
}

function prepareConnection(connection: Database, done: (error: unknown, connection: Database) => void): void {
  try {
    connection.pragma(`busy_timeout = ${LOCK_WAIT_MS}`);
    connection.pragma('journal_mode = WAL');
    connection.pragma('synchronous = FULL');
    connection.pragma('foreign_keys = ON');
    done(null, connection);
  } catch (error) {
    done(error, connection);
  }
}
