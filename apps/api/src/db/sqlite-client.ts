import type { Database } from 'better-sqlite3';
import BetterSqlite3Client from 'knex/lib/dialects/better-sqlite3/index.js';

/**
 * Knex's SQLite dialect with two cures.
 *
 * A failed COMMIT leaves SQLite's transaction open: without a ROLLBACK the next user of the connection would read
 * its rows. And a transaction that reads first and writes later can fail when another process writes in between:
 * BEGIN IMMEDIATE takes the write lock at once and waits for it.
 */
export class SqliteClient extends BetterSqlite3Client {
  override releaseConnection(connection: Database): Promise<void> {
    if (connection?.open && connection.inTransaction) {
      connection.exec('ROLLBACK');
    }
    return super.releaseConnection(connection);
  }

  override _query(connection: Database, query: { sql: string }): Promise<unknown> {
    if (query.sql === 'BEGIN;') {
      query.sql = 'BEGIN IMMEDIATE;';
    }
    return super._query(connection, query);
  }
}
