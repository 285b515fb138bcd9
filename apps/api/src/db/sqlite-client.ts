import type { Database } from 'better-sqlite3';
import BetterSqlite3Client from 'knex/lib/dialects/better-sqlite3/index.js';

/**
 * Knex's SQLite dialect with four cures.
 *
 * A failed COMMIT leaves SQLite's transaction open: without a ROLLBACK the next user of the connection would read
 * its rows. And a transaction that reads first and writes later can fail when another process writes in between:
 * BEGIN IMMEDIATE takes the write lock at once and waits for it. One that is said to only read must not: it would wait,
 * and the whole process with it, for whoever writes. And a LIMIT is written as a number instead of being bound: SQLite,
 * whose planner looks at it, would prepare a kept statement anew each time, which takes longer than reading a row.
 */
export class SqliteClient extends BetterSqlite3Client {
  override releaseConnection(connection: Database): Promise<void> {
    if (connection?.open && connection.inTransaction) {
      connection.exec('ROLLBACK');
    }
    return super.releaseConnection(connection);
  }

  override transaction(...parameters: Parameters<BetterSqlite3Client['transaction']>) {
    const [, config] = parameters;
    const transaction = super.transaction(...parameters);
    if (config?.readOnly === true) {
      transaction.begin = (connection) => transaction.query(connection, 'BEGIN DEFERRED;');
    }
    return transaction;
  }

  override _query(connection: Database, query: { sql: string }): Promise<unknown> {
    if (query.sql === 'BEGIN;') {
      query.sql = 'BEGIN IMMEDIATE;';
    }
    return super._query(connection, query);
  }

  override queryCompiler(...parameters: Parameters<BetterSqlite3Client['queryCompiler']>) {
    const compiler = super.queryCompiler(...parameters);
    if (compiler.single?.limit !== undefined) {
      compiler.single.skipBinding = { ...compiler.single.skipBinding, limit: true };
    }
    return compiler;
  }
}
