import { readdirSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Knex } from 'knex';
import { IsolationError, schemaFailed, schemaNotFound } from '../errors.ts';
import { environmentValues, hashFiles, toPath } from './files.ts';
import type { Schema } from './schema.ts';

/** Options of {@link knexMigrations}. */
export interface KnexMigrationsOptions {
  /** Where the migrations are, in TypeScript or JavaScript, CommonJS or ESM. Run in the order of their names. */
  readonly directory: string | URL;
  /** Where the seeds are; run in the order of their names after all migrations. Default: no seeds. */
  readonly seeds?: string | URL;
  /** Names of environment variables that migrations or seeds read: another value means another template. */
  readonly env?: readonly string[];
  /** Further settings of Knex's migrator that the app uses, such as `tableName` or a `migrationSource` of its own. */
  readonly migrator?: Omit<Knex.MigratorConfig, 'directory'>;
}

interface SeedModule {
  readonly seed: (knex: Knex) => Promise<unknown>;
}

/**
 * Fills the template with Knex migrations and seeds. TypeScript files need a loader in the process, such as
 * `node --import tsx`.
 *
 * @throws {IsolationError} `DBI_INVALID_OPTION`; on use: `DBI_SCHEMA_NOT_FOUND`, `DBI_SCHEMA_FAILED` naming the file.
 * @example
 * createIsolation({ schema: knexMigrations({ directory: 'migrations', seeds: 'seeds/test' }), … });
 */
export function knexMigrations(options: KnexMigrationsOptions): Schema<Knex> {
  const directory = toPath(options.directory, 'directory');
  const seeds = options.seeds === undefined ? undefined : toPath(options.seeds, 'seeds');
  const migrations = () => filesIn(directory, 'migrations', options.migrator?.loadExtensions);
  return {
    fingerprint() {
      const files = [...migrations(), ...(seeds ? filesIn(seeds, 'seeds') : [])];
      const { migrationSource: _, ...migrator } = options.migrator ?? {};
      return JSON.stringify(['knex-migrations', hashFiles(files), environmentValues(options.env), migrator]);
    },
    async apply(db) {
      // Knex would look for a directory itself if it were told how to read one.
      const { migrationSource, loadExtensions, sortDirsSeparately, ...migrator } = options.migrator ?? {};
      const source = nameFailures(migrationSource ?? directorySource(migrations), loadExtensions);
      silence(db);
      await db.migrate.latest({ ...migrator, migrationSource: source }).catch((error: unknown) => {
        throw error instanceof IsolationError ? error : schemaFailed('migrations in', directory, error);
      });
      for (const file of seeds ? filesIn(seeds, 'seeds') : []) await runSeed(file, db);
    },
  };
}

function filesIn(directory: string, what: string, extensions: readonly string[] = EXTENSIONS): readonly string[] {
  const names = readNames(directory, what).filter((name) => {
    return extensions.includes(extname(name)) && !/\.d\.[cm]?ts$/.test(name);
  });
  if (names.length === 0) throw schemaNotFound(what, directory);
  return names.sort().map((name) => join(directory, name));
}

const EXTENSIONS = ['.js', '.cjs', '.mjs', '.ts', '.cts', '.mts'];

function readNames(directory: string, what: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    throw schemaNotFound(what, directory, error);
  }
}

/** The files under their own names, as Knex itself records them, but imported so that every module system works. */
function directorySource(migrations: () => readonly string[]): Knex.MigrationSource<string> {
  return {
    getMigrations: async () => [...migrations()],
    getMigrationName: (file) => basename(file),
    getMigration: (file) => importModule<Knex.Migration>(file, 'up', 'down'),
  };
}

/** Knex says which statement failed, but not in which file. */
function nameFailures(
  source: Knex.MigrationSource<unknown>,
  loadExtensions?: readonly string[],
): Knex.MigrationSource<unknown> {
  return {
    getMigrations: (extensions) => source.getMigrations(loadExtensions ?? extensions),
    getMigrationName: (migration) => source.getMigrationName(migration),
    async getMigration(migration) {
      const name = source.getMigrationName(migration);
      const attempt = async <T>(step: () => Promise<T>): Promise<T> => {
        try {
          return await step();
        } catch (error) {
          throw schemaFailed('migration', name, error);
        }
      };
      const loaded = await attempt(async () => source.getMigration(migration));
      return { ...loaded, up: (knex: Knex) => attempt(async () => loaded.up(knex)) };
    },
  };
}

/** Knex also prints what it throws. This handle only serves to build the template, so nothing else goes unseen. */
function silence(db: Knex): void {
  db.client.logger.warn = () => undefined;
}

async function runSeed(file: string, db: Knex): Promise<void> {
  try {
    const { seed } = await importModule<SeedModule>(file, 'seed');
    await seed(db);
  } catch (error) {
    throw schemaFailed('seed', basename(file), error);
  }
}

/** A CommonJS module that sets `module.exports` may arrive as the default export of its namespace. */
async function importModule<T extends object>(file: string, ...expected: (keyof T & string)[]): Promise<T> {
  const namespace = (await import(pathToFileURL(file).href)) as T & { default?: T };
  const missingFrom = (module: T) => expected.filter((name) => typeof module[name] !== 'function');
  const module = [namespace, namespace.default].find((each) => each && missingFrom(each).length === 0);
  if (module) return module;
  const names = missingFrom(namespace).map((name) => `"${name}"`);
  throw new TypeError(`${basename(file)} does not export a function ${names.join(' and ')} (${extname(file)} module)`);
}
