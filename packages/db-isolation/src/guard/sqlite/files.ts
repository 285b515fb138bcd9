import { dirname } from 'node:path';
import { foreignDatabase } from '../../errors.ts';
import type { FileTarget } from '../allow.ts';
import { realPath } from '../real-path.ts';
import { guardState, type Permitted } from '../state.ts';
import { isAllowed, violation } from '../violation.ts';

const DRIVER = 'better-sqlite3';

/**
 * What SQLite opens for such a name; undefined for a database in memory or a temporary one. Builds of SQLite differ in
 * whether they take `file:…` for a URI: for that of better-sqlite3 it is a file like any other, in memory or not.
 */
export function fileOf(name: string): string | undefined {
  if (name === '' || name === ':memory:') return undefined;
  const [, path] = /^file:(?:\/\/[^/]*)?([^?#:]+)(?!.*mode=memory)/.exec(name) ?? [];
  return realPath(path === undefined ? name : decoded(path));
}

/**
 * The permit by which a file may be opened; undefined when it is on a list.
 *
 * @throws {IsolationError} `DBI_FOREIGN_DATABASE`, which is recorded as well.
 */
export function admitFile(file: string, place: () => string | undefined): Permitted | undefined {
  const permitted = permitFor(file);
  // The library's client may still be connecting when a test has ended; nobody can use what it gets.
  if (permitted && (permitted.usable || guardState().claiming > 0)) return permitted;
  const target: FileTarget = { dialect: 'sqlite', file };
  if (isAllowed(target)) return undefined;
  // … or when its file has gone, which is not worth a word.
  if (guardState().claiming > 0) throw foreignDatabase(DRIVER, file, undefined);
  throw violation(DRIVER, target, place());
}

/** The permit for the directory in which a file is, or for one above it. */
export function permitFor(file: string): Permitted | undefined {
  const { permitted } = guardState();
  for (let directory = dirname(file); ; directory = dirname(directory)) {
    const found = permitted.get(directory);
    if (found || directory === dirname(directory)) return found;
  }
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
