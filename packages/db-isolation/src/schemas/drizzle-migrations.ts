import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type mysql2 from 'mysql2';
import type pg from 'pg';
import { loadCopyOfApp, loadPackage } from '../clients/drivers.ts';
import { mysql2Settings } from '../clients/sessions/mysql2.ts';
import { loadDriver } from '../engines/sqlite/driver.ts';
import { hasCode, messageOf, schemaFailed, schemaNotFound } from '../errors.ts';
import { environmentValues, hashFiles, toPath } from './files.ts';
import { runSeeds, seedsIn } from './modules.ts';
import type { Schema } from './schema.ts';

/** Options of {@link drizzleMigrations}. */
export interface DrizzleMigrationsOptions {
  /** Where drizzle-kit writes its SQL files, with `meta/_journal.json`: the option `out` in `drizzle.config.ts`. */
  readonly folder: string | URL;
  /**
   * Where the seeds are: modules with a function `seed(db)`, which gets what the client opens. Run in the order of their
   * names after all migrations. Default: no seeds.
   */
  readonly seeds?: string | URL;
  /** Names of environment variables that seeds read: another value means another template. */
  readonly env?: readonly string[];
  /** Further settings of Drizzle's `migrate` that the app uses. */
  readonly migrator?: {
    /** Where Drizzle writes down what has been run. Default: `__drizzle_migrations`. */
    readonly migrationsTable?: string;
    /** The schema of that table, on PostgreSQL. Default: `drizzle`. */
    readonly migrationsSchema?: string;
  };
}

/**
 * Fills the template with Drizzle's own `migrate`, over a connection of its own: works with every client. Needs drizzle-orm.
 *
 * @throws {IsolationError} `DBI_INVALID_OPTION`; on use: `DBI_DRIVER_MISSING`, `DBI_SCHEMA_NOT_FOUND`, `DBI_SCHEMA_FAILED`
 * naming the file.
 * @example
 * createIsolation({ client: drizzleClient({ schema }), schema: drizzleMigrations({ folder: 'drizzle' }), … });
 */
export function drizzleMigrations(options: DrizzleMigrationsOptions): Schema<unknown> {
  const folder = toPath(options.folder, 'folder');
  const seeds = options.seeds === undefined ? undefined : toPath(options.seeds, 'seeds');
  return {
    fingerprint() {
      const files = [...filesOf(folder), ...seedsIn(seeds)];
      const parts = [hashFiles(files), environmentValues(options.env), options.migrator ?? {}];
      return JSON.stringify(['drizzle-migrations', ...parts]);
    },
    async apply(db, { execute, url }) {
      await execute('select 1'); // has the client connect: its first connection may set what stays in the database
      await migrate(url, folder, { ...options.migrator, migrationsFolder: folder });
      await runSeeds(seeds, db);
    },
  };
}

/** The journal and the migrations that it lists; others in the folder are not run. */
function filesOf(folder: string): readonly string[] {
  return [join(folder, JOURNAL), ...tagsIn(folder).map((tag) => join(folder, `${tag}.sql`))];
}

const JOURNAL = 'meta/_journal.json';

function tagsIn(folder: string): readonly string[] {
  const tags = entriesOf(readJournal(folder)).map(({ tag }) => tag);
  if (tags.length === 0) throw schemaNotFound(`migrations listed in ${JOURNAL}`, folder);
  const missing = tags.find((tag) => textOf(folder, tag) === undefined);
  if (missing === undefined) return tags;
  throw schemaNotFound(`migration ${missing}.sql, which ${JOURNAL} lists,`, folder);
}

function readJournal(folder: string): string {
  try {
    return readFileSync(join(folder, JOURNAL), 'utf8');
  } catch (error) {
    throw schemaNotFound(`Drizzle migrations (${JOURNAL})`, folder, error);
  }
}

/** @throws {IsolationError} `DBI_SCHEMA_FAILED` for what drizzle-kit has not written. */
function entriesOf(journal: string): readonly { readonly tag: string }[] {
  try {
    const { entries } = JSON.parse(journal) as { readonly entries: readonly { readonly tag: string }[] };
    if (entries.every(({ tag }) => typeof tag === 'string')) return entries;
    throw new TypeError('an entry has no "tag"');
  } catch (error) {
    throw schemaFailed('journal', JOURNAL, error);
  }
}

function textOf(folder: string, tag: string): string | undefined {
  try {
    return readFileSync(join(folder, `${tag}.sql`), 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** What drizzle-kit writes between two statements. */
const BREAKPOINT = '--> statement-breakpoint';

interface MigrateConfig {
  readonly migrationsFolder: string;
}

/** What is used of `drizzle-orm/<driver>`, the same for all drivers. */
interface Orm {
  drizzle(config: { readonly client: object; readonly logger: object }): object;
}

interface Migrator {
  migrate(db: object, config: MigrateConfig): Promise<void> | void;
}

/** @throws {IsolationError} `DBI_SCHEMA_FAILED`. */
async function migrate(url: string, folder: string, config: MigrateConfig): Promise<void> {
  const statements = tagsIn(folder).flatMap((tag) => {
    const file = `${tag}.sql`;
    return (textOf(folder, tag) ?? '').split(BREAKPOINT).map((sql) => ({ file, sql }));
  });
  // Drizzle says which statement failed, but not in which file. It tells a logger before it runs one.
  let at = -1;
  const logger = {
    logQuery(query: string) {
      const found = statements.findIndex(({ sql }, index) => index > at && sql === query);
      if (found >= 0) at = found;
    },
  };
  const fileOf = (error: unknown) => {
    const isMentioned = (index: number) => messageOf(error).includes(statements[index]?.sql ?? '\0');
    // Some drivers refuse a statement before it is logged.
    return statements[!isMentioned(at) && isMentioned(at + 1) ? at + 1 : at]?.file;
  };
  const [driver, connect] = url.startsWith('sqlite:')
    ? (['better-sqlite3', openSqlite] as const)
    : url.startsWith('mysql:')
      ? (['mysql2', connectMysql2] as const)
      : (['node-postgres', connectPg] as const);
  const { exports: orm } = await loadCopyOfApp<Orm>('drizzle-orm', `drizzle-orm/${driver}`);
  const { exports: migrator } = await loadCopyOfApp<Migrator>('drizzle-orm', `drizzle-orm/${driver}/migrator`);

  const { client, end } = await connect(url);
  try {
    await migrator.migrate(orm.drizzle({ client, logger }), config);
  } catch (error) {
    const file = fileOf(error);
    throw file === undefined ? schemaFailed('migrations in', folder, error) : schemaFailed('migration', file, error);
  } finally {
    await end();
  }
}

/** A connection of this source's own. */
interface Connected {
  readonly client: object;
  end(): unknown;
}

function openSqlite(url: string): Connected {
  const client = loadDriver().open(fileURLToPath(url.replace(/^sqlite:/, 'file:')));
  return { client, end: () => client.close() };
}

async function connectPg(url: string): Promise<Connected> {
  const { Client } = loadPackage<typeof pg>('pg').exports;
  const client = new Client({ connectionString: url });
  await client.connect();
  return { client, end: () => client.end() };
}

async function connectMysql2(url: string): Promise<Connected> {
  const driver = loadPackage<typeof mysql2>('mysql2').exports;
  const client = driver.createConnection(mysql2Settings(url)).promise();
  await client.connect();
  return { client, end: () => client.end() };
}
