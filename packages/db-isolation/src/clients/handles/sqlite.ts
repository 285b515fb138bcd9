import type BetterSqlite3 from 'better-sqlite3';
import type { SqliteAddress } from '../../engines/engine.ts';
import { claiming } from '../../guard/scopes.ts';
import { loadPackage } from '../drivers.ts';
import { Sessions } from '../sessions/sessions.ts';
import { sqliteSession } from '../sessions/sqlite.ts';
import { endOf, type Handle } from './handle.ts';

/** What the app's own connections of better-sqlite3 are like. */
export interface SqliteSettings extends Omit<BetterSqlite3.Options, 'readonly' | 'fileMustExist'> {
  /**
   * Prepares every connection as the app does, once the engine's pragmas are set: functions, pragmas, attached databases,
   * temporary tables. What it leaves in the connection is no leak.
   */
  readonly setup?: (connection: BetterSqlite3.Database) => void;
}

/** A connection, and what is known of who has it. */
export interface SqliteHandle extends Handle<BetterSqlite3.Database> {
  readonly sessions: Sessions<BetterSqlite3.Database>;
}

/**
 * Opens a connection of better-sqlite3 that is watched.
 *
 * @throws {IsolationError} `DBI_DRIVER_MISSING`.
 */
export function openSqlite({ filename, onConnect }: SqliteAddress, settings: SqliteSettings): SqliteHandle {
  const { setup, ...options } = settings;
  const Database = loadPackage<typeof BetterSqlite3>('better-sqlite3').exports;
  const db = claiming(() => new Database(filename, options));
  const sessions = new Sessions<BetterSqlite3.Database>();
  try {
    for (const statement of onConnect) db.exec(statement);
    const session = sqliteSession(db);
    sessions.add(db, session);
    setup?.(db);
    session.prepared();
  } catch (error) {
    db.close();
    throw error;
  }
  // Nobody takes it or gives it back, but it is the app's from now on.
  sessions.lend(db);
  sessions.giveBack(db);
  return {
    db,
    sessions,
    async execute(sql) {
      sessions.assertOpen();
      db.exec(sql);
    },
    ...endOf(sessions),
  };
}
