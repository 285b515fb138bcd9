import { randomUUID } from 'node:crypto';
import { constants, copyFileSync, mkdtempSync, rmSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Isolation } from '@acme/db-isolation';
import { sqlite } from '@acme/db-isolation/engines/sqlite';
import Database from 'better-sqlite3';
import createKnex, { type Knex } from 'knex';
import { type BenchmarkedEngine, type OpenApproaches, whole } from '../approach.ts';
import { isolate } from '../isolations.ts';
import { mediumOf, memoryDirectory } from '../machine.ts';
import { migrateAndSeed, type Size } from '../sample-database.ts';

const QUERY = 'select count(*) as count from organisation';

/** SQLite, with its files in memory unless `DB_ISOLATION_DIR` says otherwise. */
export function openSqlite(): BenchmarkedEngine {
  const base = process.env['DB_ISOLATION_DIR'] ?? memoryDirectory();
  const directory = mkdtempSync(join(base, 'db-isolation-bench-'));
  process.env['DB_ISOLATION_DIR'] = directory;
  return {
    facts: `files on ${mediumOf(base)}`,
    rounds: { small: { all: 500, slow: 100 }, medium: { all: 60, slow: 12 }, large: { all: 12, slow: 3 } },
    open: (size) => openApproaches(size, directory),
    close: async () => rmSync(directory, { recursive: true, force: true }),
  };
}

async function openApproaches(size: Size, directory: string): Promise<OpenApproaches> {
  const isolation = isolate(sqlite(), size);
  const template = join(directory, `template-${size.name}.sqlite`);
  const lease = await isolation.acquire();
  copyFileSync(fileURLToPath(lease.url.replace('sqlite:', 'file:')), template); // the same file for both sides
  await lease.release();

  const nextFile = () => join(directory, `${size.name}-${randomUUID()}.sqlite`);
  return {
    approaches: [
      whole('migrate and seed', () => migratePerTest(nextFile(), size), true),
      whole('raw copy', () => rawCopy(template, nextFile())),
      whole('acquire + release', () => acquireAndRelease(isolation)),
      whole('raw copy, one query', () => rawCopy(template, nextFile(), QUERY)),
      whole('acquire + one query + release', () => acquireAndRelease(isolation, QUERY)),
    ],
    yardsticks: (row) =>
      row.includes('query')
        ? { raw: 'raw copy, one query', ours: 'acquire + one query + release' }
        : { raw: 'raw copy', ours: 'acquire + release' },
    close: () => isolation.close(),
  };
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
