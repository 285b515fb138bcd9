import { basename, extname } from 'node:path';
import type { Kysely, Migration, MigrationProvider, MigratorProps } from 'kysely';
import { loadCopyOfApp } from '../clients/drivers.ts';
import { fingerprintOf } from '../clients/fingerprint.ts';
import { IsolationError, invalidOption, schemaFailed, schemaNotFound } from '../errors.ts';
import { environmentValues, hashFiles, toPath } from './files.ts';
import { loadModule } from './load-module.ts';
import { modulesIn, naming, runSeeds, seedsIn } from './modules.ts';
import type { Schema } from './schema.ts';

/** Options of {@link kyselyMigrations}. */
export interface KyselyMigrationsOptions {
  /**
   * Where the migrations are: the `.js`, `.ts`, `.mjs` and `.mts` files that export a function `up`, as for Kysely's own
   * `FileMigrationProvider`. Run in the order of their names.
   */
  readonly directory: string | URL;
  /** Where the seeds are: modules with a function `seed(db)`, run in the order of their names. Default: no seeds. */
  readonly seeds?: string | URL;
  /** Names of environment variables that migrations or seeds read: another value means another template. */
  readonly env?: readonly string[];
  /** Further settings of Kysely's migrator that the app uses, such as `migrationTableName` or a `provider` of its own. */
  readonly migrator?: Partial<Omit<MigratorProps, 'db'>>;
}

/** A Kysely instance, whatever tables it knows of. */
// biome-ignore lint/suspicious/noExplicitAny: as Kysely's own migrator has it, since types of tables differ in both ways
type AnyKysely = Kysely<any>;

/**
 * Fills the template with Kysely's migrator. TypeScript files need a loader in the process, such as `node --import tsx`.
 *
 * @throws {IsolationError} `DBI_INVALID_OPTION`; on use: the same for files that differ only in their extension,
 * `DBI_DRIVER_MISSING`, `DBI_DRIVER_UNSUPPORTED`, `DBI_SCHEMA_NOT_FOUND`, `DBI_SCHEMA_FAILED` naming the file.
 * @example
 * createIsolation({ client: kyselyClient<Database>(), schema: kyselyMigrations({ directory: 'migrations' }), … });
 */
export function kyselyMigrations(options: KyselyMigrationsOptions): Schema<AnyKysely> {
  const directory = toPath(options.directory, 'directory');
  const seeds = options.seeds === undefined ? undefined : toPath(options.seeds, 'seeds');
  const { provider: own, ...settings } = options.migrator ?? {};
  const migrations = () => modulesIn(directory, 'migrations', EXTENSIONS);
  return {
    fingerprint() {
      // With a provider, migrations may be of any kind.
      const files = own ? modulesIn(directory, 'migrations') : migrations();
      const parts = [hashFiles([...files, ...seedsIn(seeds)]), environmentValues(options.env), settings];
      return fingerprintOf('kysely-migrations', ...parts);
    },
    async apply(db) {
      const { Migrator } = (await loadCopyOfApp<typeof import('kysely')>('kysely')).exports;
      const provider = own ? providerOf(own) : directoryProvider(directory, migrations);
      const { error } = await new Migrator({ ...settings, db, provider }).migrateToLatest();
      if (error instanceof IsolationError) throw error;
      if (error !== undefined) throw schemaFailed('migrations in', directory, error);
      await runSeeds(seeds, db);
    },
  };
}

const EXTENSIONS = ['.js', '.ts', '.mjs', '.mts'];

/** The files under the names that Kysely's own provider gives them, but imported so that every module system works. */
function directoryProvider(directory: string, files: () => readonly string[]): MigrationProvider {
  return {
    async getMigrations() {
      const migrations: Record<string, Migration> = {};
      for (const file of files()) {
        const name = basename(file, extname(file));
        if (Object.hasOwn(migrations, name)) throw twins(directory, name);
        const migration = await naming('migration', basename(file), () => loadMigration(file));
        if (migration) migrations[name] = named(basename(file), migration);
      }
      if (Object.keys(migrations).length === 0)
        throw schemaNotFound('migrations (modules that export "up")', directory);
      return migrations;
    },
  };
}

/** Other modules may lie beside migrations, where Kysely passes over them. */
async function loadMigration(file: string): Promise<Migration | undefined> {
  const module = await loadModule<Partial<Migration> & { readonly default?: Partial<Migration> }>(file);
  return [module.default, module].find((each): each is Migration => typeof each?.up === 'function');
}

function providerOf(own: MigrationProvider): MigrationProvider {
  return {
    async getMigrations() {
      const migrations = Object.entries(await own.getMigrations());
      return Object.fromEntries(migrations.map(([name, migration]) => [name, named(name, migration)]));
    },
  };
}

/** Says which one it was that failed. */
function named(name: string, migration: Migration): Migration {
  return { up: (db) => naming('migration', name, () => migration.up(db)) };
}

function twins(directory: string, name: string): IsolationError {
  const expected = 'a directory in which the names of migrations differ without their extensions as well';
  return invalidOption('directory', directory, `${expected}: there are two with the name "${name}"`);
}
