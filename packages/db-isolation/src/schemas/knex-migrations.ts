import { basename } from 'node:path';
import type { Knex } from 'knex';
import { IsolationError, schemaFailed } from '../errors.ts';
import { environmentValues, hashFiles, toPath } from './files.ts';
import { loadModule } from './load-module.ts';
import { modulesIn, naming, runSeeds, seedsIn } from './modules.ts';
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
  const migrations = () => modulesIn(directory, 'migrations', options.migrator?.loadExtensions);
  return {
    fingerprint() {
      const files = [...migrations(), ...seedsIn(seeds)];
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
      await runSeeds(seeds, db);
    },
  };
}

/** The files under their own names, as Knex itself records them, but imported so that every module system works. */
function directorySource(migrations: () => readonly string[]): Knex.MigrationSource<string> {
  return {
    getMigrations: async () => [...migrations()],
    getMigrationName: (file) => basename(file),
    getMigration: (file) => loadModule<Knex.Migration>(file, 'up', 'down'),
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
      const loaded = await naming('migration', name, () => source.getMigration(migration));
      return { ...loaded, up: (knex: Knex) => naming('migration', name, () => loaded.up(knex)) };
    },
  };
}

/** Knex also prints what it throws. This handle only serves to build the template, so nothing else goes unseen. */
function silence(db: Knex): void {
  db.client.logger.warn = () => undefined;
}
