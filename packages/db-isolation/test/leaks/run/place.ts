import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Knex } from 'knex';
import { connectTo, type EngineName, rowsOf } from '../support/connect.ts';
import { differences, fill } from '../support/template.ts';

/** Two databases and a directory for runs that follow one another. */
export interface Place {
  readonly engine: EngineName;
  /** With what the names begin of everything that is made here on a server. */
  readonly prefix: string;
  /** What the library finds the server by. */
  readonly variables: Readonly<Record<string, string>>;
  /** A URL, or a path on SQLite. */
  readonly production: string;
  readonly shared: string;
  /** A new directory for the library's databases. */
  directory(): string;
  /** Makes the shared database anew. */
  resetShared(): Promise<void>;
  /** How production differs from what it was, and nothing when it does not; makes it anew when it does. */
  checkProduction(): Promise<string>;
  /** Takes back what suites have done to the whole server. */
  resetServer(): Promise<void>;
  remove(): Promise<void>;
}

/** Part of the name of everything that a run makes on a server. */
const PREFIX = `leaks_${process.pid}`;

const VARIABLES = { sqlite: '', postgres: 'DB_ISOLATION_POSTGRES_URL', mysql: 'DB_ISOLATION_MYSQL_URL' };

let count = 0;

/** @param server where the engine's server is; not for SQLite. */
export async function createPlace(engine: EngineName, server: string | undefined): Promise<Place> {
  count += 1;
  const root = mkdtempSync(join(tmpdir(), 'db-isolation-leaks-'));
  const databases = server === undefined ? filesIn(root) : databasesOn(server, engine, count);
  const { production, shared, remake } = databases;
  await remake('production');
  await remake('shared');
  return {
    engine,
    prefix: databases.prefix,
    variables: server === undefined ? {} : { [VARIABLES[engine]]: server },
    production,
    shared,
    directory: () => mkdtempSync(join(root, 'run-')),
    resetShared: () => remake('shared'),
    async checkProduction() {
      const found = await usingDatabase(production, engine, (db) => differences(db, engine)).catch(
        (error: unknown) => new Map([['production', String(error)]]),
      );
      if (found.size > 0) await remake('production');
      return [...found].map(([name, text]) => `${name}: ${text}`).join('\n');
    },
    resetServer: databases.resetServer,
    async remove() {
      await databases.remove();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

interface Databases {
  readonly prefix: string;
  readonly production: string;
  readonly shared: string;
  remake(which: 'production' | 'shared'): Promise<void>;
  resetServer(): Promise<void>;
  remove(): Promise<void>;
}

function filesIn(root: string): Databases {
  const production = join(root, 'production.sqlite');
  const shared = join(root, 'shared.sqlite');
  return {
    prefix: '',
    production,
    shared,
    async remake(which) {
      for (const name of readdirSync(root).filter((file) => file.startsWith(`${which}.sqlite`))) {
        rmSync(join(root, name));
      }
      const file = which === 'production' ? production : shared;
      await usingDatabase(file, 'sqlite', (db) => fill(db, 'sqlite'));
    },
    resetServer: async () => undefined,
    remove: async () => undefined,
  };
}

function databasesOn(server: string, engine: EngineName, number: number): Databases {
  const prefix = `${PREFIX}_${number}_`; // two places at a time must not clean up after each other
  const name = (which: string) => `${prefix}${which}`;
  const urlOf = (which: string) => {
    const url = new URL(server);
    url.pathname = `/${name(which)}`;
    return url.href;
  };
  const drop = (which: string) =>
    `drop database if exists ${name(which)}${engine === 'postgres' ? ' with (force)' : ''}`;
  const made = new Set<string>();
  const admin = (work: (db: Knex) => Promise<unknown>) => usingDatabase(server, engine, work);
  return {
    prefix,
    production: urlOf('production'),
    shared: urlOf('shared'),
    async remake(which) {
      // On PostgreSQL a database takes much longer to make than a schema.
      if (engine === 'mysql' || !made.has(which)) {
        await admin(async (db) => {
          await db.raw(drop(which));
          await db.raw(`create database ${name(which)}`);
        });
      }
      await usingDatabase(urlOf(which), engine, async (db) => {
        if (made.has(which) && engine === 'postgres') {
          await db.raw('drop schema public cascade');
          await db.raw('create schema public');
        }
        await fill(db, engine);
      });
      made.add(which);
    },
    async resetServer() {
      await admin(async (db) => {
        const users =
          engine === 'postgres' ? 'select rolname as name from pg_roles' : 'select user as name from mysql.user';
        for (const { name: user } of await rowsOf(db, users)) {
          const kind = engine === 'postgres' ? 'role' : 'user';
          if (String(user).startsWith(`${prefix}user`)) await db.raw(`drop ${kind} ${user}`);
        }
        await db.raw(
          engine === 'postgres'
            ? 'alter system reset log_autovacuum_min_duration'
            : 'set global slow_launch_time = default',
        );
      });
    },
    async remove() {
      await admin(async (db) => {
        for (const which of ['production', 'shared']) await db.raw(drop(which));
      });
    },
  };
}

async function usingDatabase<T>(url: string, engine: EngineName, work: (db: Knex) => Promise<T>): Promise<T> {
  const db = connectTo(url, engine);
  try {
    return await work(db);
  } finally {
    await db.destroy();
  }
}
