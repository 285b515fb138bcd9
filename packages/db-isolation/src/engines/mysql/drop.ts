import { databaseInUse } from '../../errors.ts';
import type { MysqlConnection } from './connection.ts';
import { identifier } from './quoting.ts';
import { isError } from './server-errors.ts';

/** How often dropping waits for sessions to end, and how long each time, in seconds. */
const MAX_WAITS = 2;
const WAIT_SECONDS = 2;

/**
 * Ends all connections to a database and removes it, also when it is sealed or not there.
 *
 * @throws {IsolationError} `DBI_DATABASE_IN_USE` when a transaction on it belongs to a session that cannot be found: one
 * that never made it its own database, on a server that does not tell who holds what.
 */
export async function dropDatabase(connection: MysqlConnection, database: string): Promise<void> {
  for (let waits = 0; ; ) {
    await kill(connection, USERS, database);
    try {
      await connection.batch([
        [`set lock_wait_timeout = ${WAIT_SECONDS}`, `drop database if exists ${identifier(database)}`],
      ]);
      return;
    } catch (error) {
      if (isError(error, 'schemaReadOnly')) {
        await connection.query(`alter database ${identifier(database)} read only = 0`);
      } else if (isError(error, 'lockWaitTimeout')) {
        waits += 1;
        if (waits >= MAX_WAITS) throw databaseInUse(database, 'a transaction of another session uses a table', error);
        for (const sql of HOLDERS) await kill(connection, sql, database).catch(() => undefined);
      } else {
        throw error;
      }
    }
  }
}

/** Whose own database it is. */
const USERS = 'select id from information_schema.processlist where db = ? and id <> connection_id()';

/** Who holds something of a database: MySQL, and MariaDB if it was told to record that or has a plugin for it. */
const HOLDERS = [
  `select t.processlist_id as id from performance_schema.metadata_locks l
   join performance_schema.threads t on t.thread_id = l.owner_thread_id
   where l.object_schema = ? and l.lock_status = 'GRANTED' and t.processlist_id <> connection_id()`,
  'select thread_id as id from information_schema.metadata_lock_info where table_schema = ? and thread_id <> connection_id()',
];

async function kill(connection: MysqlConnection, sql: string, database: string): Promise<void> {
  for (const row of await connection.query(sql, [database])) {
    try {
      await connection.query(`kill connection ${Number(row['id'])}`);
    } catch (error) {
      if (!isError(error, 'cannotKill')) throw error; // else it has ended, or dropping tells that it is in the way
    }
  }
}
