import type BetterSqlite3 from 'better-sqlite3';
import type { Client } from './client.ts';
import { loadPackage, sqliteAddress } from './drivers.ts';
import { fingerprintOf } from './fingerprint.ts';
import { clientOf } from './handles/handle.ts';
import { openSqlite, type SqliteSettings } from './handles/sqlite.ts';

/** Options of {@link betterSqlite3Client}: those of the app's own connection, and what the app does with it first. */
export interface BetterSqlite3ClientOptions extends SqliteSettings {}

/**
 * Opens each test's database as a connection of better-sqlite3. Needs better-sqlite3, and the engine for SQLite.
 *
 * @throws {IsolationError} On use: `DBI_DRIVER_MISSING`, `DBI_INVALID_OPTION` with another engine.
 * @example
 * const client = betterSqlite3Client({ setup: (db) => db.function('shout', (text) => String(text).toUpperCase()) });
 * const isolation = createIsolation({ engine: sqlite(), client, schema });
 * await isolation.run('one invoice', ({ db }) => db.prepare('insert into invoice (number) values (?)').run('R-1'));
 */
export function betterSqlite3Client(options: BetterSqlite3ClientOptions = {}): Client<BetterSqlite3.Database> {
  return clientOf({
    fingerprint: async () => fingerprintOf('better-sqlite3', loadPackage('better-sqlite3').version, options),
    open: async (address) => openSqlite(sqliteAddress('betterSqlite3Client()', address), options),
  });
}
