import { randomUUID } from 'node:crypto';
import type { Knex } from 'knex';
import { createDatabase } from '../../src/db/create-database.ts';

/** A database that was made on a server. */
export interface ServerDatabase {
  /** As the service takes it. */
  readonly url: string;
  remove(): Promise<unknown>;
}

/** Makes a database that does not exist for anybody else; the options are words of its CREATE DATABASE. */
export async function createServerDatabase(server: string, prefix: string, options = ''): Promise<ServerDatabase> {
  const name = `${prefix}${randomUUID().replaceAll('-', '')}`;
  await onServer(server, (db) => db.raw(`CREATE DATABASE ?? ${options}`, [name]));
  return { url: urlOf(server, name), remove: () => onServer(server, (db) => dropDatabase(db, name)) };
}

/** The URL of a database on a server. */
export function urlOf(server: string, database: string): string {
  const url = new URL(server);
  url.pathname = `/${database}`;
  return url.href;
}

/** Runs something as the user of the server's URL, in a database that every server has. */
async function onServer<T>(server: string, action: (db: Knex) => Promise<T>): Promise<T> {
  const everybodys = { postgres: 'postgres', mysql: 'information_schema' };
  const db = createDatabase({ url: urlOf(server, /^postgres/.test(server) ? everybodys.postgres : everybodys.mysql) });
  try {
    return await action(db);
  } finally {
    await db.destroy();
  }
}

async function dropDatabase(db: Knex, name: string): Promise<void> {
  if (db.client.dialect === 'mysql') {
    const tables = await db('triggers').distinct('event_object_table as name').where({ trigger_schema: name });
    await db.raw('DROP DATABASE ??', [name]).catch(async (error: { errno?: number }) => {
      if (error.errno !== DIRECTORY_NOT_EMPTY) throw error;
      for (const table of tables) await removeTriggerBackup(db, name, table.name);
      await db.raw('DROP DATABASE ??', [name]);
    });
  } else {
    // Processes of the test that were killed may still be connected.
    await db.raw('DROP DATABASE ?? WITH (FORCE)', [name]);
  }
}

const DIRECTORY_NOT_EMPTY = 1010;

/**
 * MariaDB 10.11 at times forgets the backup of a table's triggers when others are made elsewhere at the same moment, and
 * cannot drop the database then. Adding two triggers to a table of that name removes the file.
 */
async function removeTriggerBackup(db: Knex, database: string, table: string): Promise<void> {
  const names = { database, table };
  await db.raw('CREATE TABLE IF NOT EXISTS :database:.:table: (id INT)', names);
  for (const trigger of ['first', 'second']) {
    await db.raw('CREATE TRIGGER :database:.:trigger: BEFORE INSERT ON :database:.:table: FOR EACH ROW SET @a = 1', {
      ...names,
      trigger,
    });
  }
}
