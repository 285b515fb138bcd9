import { randomUUID } from 'node:crypto';
import { constants, copyFileSync, rmSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createIsolation, type Isolation } from '@acme/db-isolation';
import { knexClient } from '@acme/db-isolation/clients/knex';
import { sqlite } from '@acme/db-isolation/engines/sqlite';
import { customSchema } from '@acme/db-isolation/schemas/custom-schema';
import Database from 'better-sqlite3';
import createKnex, { type Knex } from 'knex';
import { migrateAndSeed, type Size } from './sample-database.ts';

/** One way for a test to get a fresh database and to get rid of it. */
export interface Approach {
  readonly name: string;
  /** One round; the time that it takes is measured. */
  round(): Promise<void>;
}

const QUERY = 'select count(*) as count from organisation';

/** All approaches for one template size, and what closes them. */
export async function openApproaches(
  size: Size,
  directory: string,
): Promise<{ approaches: Approach[]; close(): Promise<void> }> {
  const isolation = isolate(size);
  const template = join(directory, `template-${size.name}.sqlite`);
  const lease = await isolation.acquire();
  copyFileSync(fileURLToPath(lease.url.replace('sqlite:', 'file:')), template); // the same file for both sides
  await lease.release();

  const nextFile = () => join(directory, `${size.name}-${randomUUID()}.sqlite`);
  const approaches: Approach[] = [
    { name: 'migrate and seed', round: () => migratePerTest(nextFile(), size) },
    { name: 'raw copy', round: () => rawCopy(template, nextFile()) },
    { name: 'acquire + release', round: () => acquireAndRelease(isolation) },
    { name: 'raw copy, one query', round: () => rawCopy(template, nextFile(), QUERY) },
    { name: 'acquire + one query + release', round: () => acquireAndRelease(isolation, QUERY) },
  ];
  return { approaches, close: () => isolation.close() };
}

function isolate(size: Size): Isolation<Knex> {
  return createIsolation({
    engine: sqlite(),
    client: knexClient(),
    schema: customSchema<Knex>({
      fingerprint: `bench 1, ${size.rows} rows`,
      apply: (knex) => migrateAndSeed(knex, size),
    }),
  });
}

/** What many teams do: a new file, all migrations, all seeds, for every test. With the pragmas that the library sets. */
async function migratePerTest(filename: string, size: Size): Promise<void> {
  const knex = createKnex({
    client: 'better-sqlite3',
    connection: { filename },
    useNullAsDefault: true,
    pool: {
      min: 0,
      max: 1,
      afterCreate: (connection: Database.Database, done: (error: unknown, connection: unknown) => void) => {
        connection.pragma('foreign_keys = on');
        connection.pragma('synchronous = off');
        done(null, connection);
      },
    },
  });
  await migrateAndSeed(knex, size);
  await knex.destroy();
  rmSync(filename);
}

/** The limit: nothing but the copy, the driver's open and close, and the removal. */
async function rawCopy(template: string, filename: string, query?: string): Promise<void> {
  copyFileSync(template, filename, constants.COPYFILE_FICLONE);
  const db = new Database(filename);
  if (query) db.prepare(query).all();
  db.close();
  unlinkSync(filename);
}

async function acquireAndRelease(isolation: Isolation<Knex>, query?: string): Promise<void> {
  const lease = await isolation.acquire();
  if (query) await lease.db.raw(query);
  await lease.release();
}
