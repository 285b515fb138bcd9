import { readdirSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { schemaFailed, schemaNotFound } from '../errors.ts';
import { loadModule } from './load-module.ts';

const EXTENSIONS = ['.js', '.cjs', '.mjs', '.ts', '.cts', '.mts'];

/**
 * The modules of a directory in the order of their names, as absolute paths: neither declarations nor anything else.
 *
 * @param what they are, in the plural, for the error.
 * @param extensions Default: those of JavaScript and TypeScript.
 * @throws {IsolationError} `DBI_SCHEMA_NOT_FOUND` when there are none.
 */
export function modulesIn(
  directory: string,
  what: string,
  extensions: readonly string[] = EXTENSIONS,
): readonly string[] {
  const names = readNames(directory, what).filter((name) => {
    return extensions.includes(extname(name)) && !/\.d\.[cm]?ts$/.test(name);
  });
  if (names.length === 0) throw schemaNotFound(what, directory);
  return names.sort().map((name) => join(directory, name));
}

/**
 * Does something that a file of the user's is responsible for.
 *
 * @param what the file is, such as `migration`.
 * @throws {IsolationError} `DBI_SCHEMA_FAILED`, which names it.
 */
export async function naming<T>(what: string, file: string, step: () => Promise<T> | T): Promise<T> {
  try {
    return await step();
  } catch (error) {
    throw schemaFailed(what, file, error);
  }
}

/**
 * Calls the function `seed` of each module of a directory with the handle of the database.
 *
 * @param directory Without one, there are no seeds.
 * @throws {IsolationError} `DBI_SCHEMA_NOT_FOUND`, `DBI_SCHEMA_FAILED`.
 */
export async function runSeeds<Db>(directory: string | undefined, db: Db): Promise<void> {
  for (const file of seedsIn(directory)) {
    await naming('seed', basename(file), async () => {
      const { seed } = await loadModule<SeedModule<Db>>(file, 'seed');
      await seed(db);
    });
  }
}

/** @throws {IsolationError} `DBI_SCHEMA_NOT_FOUND`. */
export function seedsIn(directory: string | undefined): readonly string[] {
  return directory === undefined ? [] : modulesIn(directory, 'seeds');
}

interface SeedModule<Db> {
  readonly seed: (db: Db) => Promise<unknown>;
}

function readNames(directory: string, what: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    throw schemaNotFound(what, directory, error);
  }
}
