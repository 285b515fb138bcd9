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
  const tables = await tablesWithTriggers(connection, database);
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
      } else if (isError(error, 'directoryNotEmpty') && tables.length > 0) {
        await removeTriggerBackups(connection, database, tables.splice(0));
      } else {
        throw error;
      }
    }
  }
}

async function tablesWithTriggers(connection: MysqlConnection, database: string): Promise<string[]> {
  const rows = await connection.query(
    'select distinct event_object_table from information_schema.triggers where trigger_schema = ?',
    [database],
  );
  return rows.map((row) => String(row['event_object_table']));
}

/**
 * While MariaDB adds a second trigger to a table, it keeps the file of the first as `<table>.TRG-`. Where sessions make
 * triggers at the same time in several databases, about one in a hundred of these files stays (seen on 10.11.19), and
 * the directory cannot be removed. Nothing but adding two triggers to a table of that name removes it.
 */
async function removeTriggerBackups(connection: MysqlConnection, database: string, tables: readonly string[]) {
  const adding = tables.flatMap((name) => {
    const table = `${identifier(database)}.${identifier(name)}`;
    const trigger = (i: number) =>
      `create trigger ${identifier(database)}.t${i} before insert on ${table} for each row set @dbi = 1`;
    return [`create table if not exists ${table} (id int)`, trigger(1), trigger(2), `drop table ${table}`];
  });
  await connection.batch([adding]);
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
