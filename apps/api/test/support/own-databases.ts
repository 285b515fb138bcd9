import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Knex } from 'knex';
import { dir } from 'tmp-promise';
import { createDatabase } from '../../src/db/create-database.ts';
import { testServer } from './engine.ts';

/** A database that does not exist for anybody else, and empty: not even migrated. */
export interface OwnDatabase {
  /** As the service takes it. */
  readonly url: string;
  /** Opens it as the service does. */
  open(): Knex;
}

/** What tests open beside the database that every test gets, as patterns: these databases, and where servers make them. */
export const OWN_DATABASES: readonly string[] = [
  join(tmpdir(), 'invoice-api-*'),
  ...['postgres://*:*/invoice_api_*', 'postgres://*:*/postgres'],
  ...['mysql://*:*/invoice_api_*', 'mysql://*:*/information_schema'],
];

/**
 * For tests of how databases are opened and migrated, and for processes: the database that every test gets is open and
 * migrated already. Those made in a test are removed after it, with all that has been opened. A server may be told
 * more about the database, in the words of its CREATE DATABASE.
 */
export function ownDatabases(): (options?: string) => Promise<OwnDatabase> {
  const opened: Knex[] = [];
  const removals: (() => Promise<unknown>)[] = [];

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((db) => db.destroy()));
    await Promise.all(removals.splice(0).map((remove) => remove()));
  });

  return async (options = '') => {
    const { url, remove } = testServer === undefined ? await newFile() : await newDatabase(testServer, options);
    removals.push(remove);
    const open = () => {
      const db = createDatabase({ url });
      opened.push(db);
      return db;
    };
    return { url, open };
  };
}

interface NewDatabase {
  readonly url: string;
  remove(): Promise<unknown>;
}

async function newFile(): Promise<NewDatabase> {
  const directory = await dir({ prefix: 'invoice-api-', unsafeCleanup: true });
  return { url: `sqlite://${join(directory.path, 'data', 'invoices.sqlite')}`, remove: directory.cleanup };
}

async function newDatabase(server: string, options: string): Promise<NewDatabase> {
  const name = `invoice_api_${randomUUID().replaceAll('-', '')}`;
  await onServer(server, (db) => db.raw(`CREATE DATABASE ?? ${options}`, [name]));
  return { url: urlOf(server, name), remove: () => onServer(server, (db) => dropDatabase(db, name)) };
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

/** The URL of a database on a server. */
export function urlOf(server: string, database: string): string {
  const url = new URL(server);
  url.pathname = `/${database}`;
  return url.href;
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
