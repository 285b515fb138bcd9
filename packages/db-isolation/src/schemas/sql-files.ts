import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { invalidOption, schemaFailed, schemaNotFound } from '../errors.ts';
import { environmentValues, hashFiles, toPath } from './files.ts';
import type { Schema } from './schema.ts';

/** Options of {@link sqlFiles}. */
export interface SqlFilesOptions {
  /** Files, or directories whose `*.sql` files are taken in the order of their names. Run in the order given. */
  readonly files: string | URL | readonly (string | URL)[];
  /** Names of environment variables whose value changes the template. */
  readonly env?: readonly string[];
}

/**
 * Fills the template with SQL files, each of which may hold many statements. Works with every client.
 *
 * @throws {IsolationError} `DBI_INVALID_OPTION`; on use: `DBI_SCHEMA_NOT_FOUND`, `DBI_SCHEMA_FAILED` naming the file.
 * @example
 * createIsolation({ schema: sqlFiles({ files: ['schema.sql', 'seeds'] }), … });
 */
export function sqlFiles(options: SqlFilesOptions): Schema<unknown> {
  const { files } = options;
  const paths = (Array.isArray(files) ? files : [files]).map((file) => toPath(file, 'files'));
  if (paths.length === 0) throw invalidOption('files', '[]', 'at least one file or directory');
  return {
    fingerprint() {
      return JSON.stringify(['sql-files', hashFiles(paths.flatMap(sqlFilesAt)), environmentValues(options.env)]);
    },
    async apply(_db, { execute }) {
      for (const file of paths.flatMap(sqlFilesAt)) await runFile(file, execute);
    },
  };
}

function sqlFilesAt(path: string): readonly string[] {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat?.isFile()) return [path];
  const names = stat?.isDirectory() ? readdirSync(path).filter((name) => name.endsWith('.sql')) : [];
  if (names.length === 0) throw schemaNotFound('SQL files', path);
  return names.sort().map((name) => join(path, name));
}

async function runFile(file: string, execute: (sql: string) => Promise<void>): Promise<void> {
  try {
    await execute(readFileSync(file, 'utf8'));
  } catch (error) {
    throw schemaFailed('SQL file', basename(file), error);
  }
}
