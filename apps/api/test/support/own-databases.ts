import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Knex } from 'knex';
import { dir } from 'tmp-promise';
import { createDatabase } from '../../src/db/create-database.ts';
import { testServer } from './engine.ts';
import { createServerDatabase, type ServerDatabase } from './server-databases.ts';

export { urlOf } from './server-databases.ts';

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
    const { url, remove } =
      testServer === undefined ? await newFile() : await createServerDatabase(testServer, 'invoice_api_', options);
    removals.push(remove);
    const open = () => {
      const db = createDatabase({ url });
      opened.push(db);
      return db;
    };
    return { url, open };
  };
}

async function newFile(): Promise<ServerDatabase> {
  const directory = await dir({ prefix: 'invoice-api-', unsafeCleanup: true });
  return { url: `sqlite://${join(directory.path, 'data', 'invoices.sqlite')}`, remove: directory.cleanup };
}
