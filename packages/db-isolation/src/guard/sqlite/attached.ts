import { placeOfCaller } from '../../place.ts';
import { undoAtEndOfSandbox } from '../../sandbox.ts';
import { isArmed } from '../state.ts';
import { admitFile, fileOf } from './files.ts';

/** What is used here of the native part of better-sqlite3. */
interface NativeStatement {
  all(): unknown[];
}

/** Asks one open database, past the methods that the app uses. */
export interface NativeDatabase {
  prepare(sql: string): NativeStatement;
  exec(sql: string): unknown;
}

const attaching = new WeakMap<object, NativeDatabase>();
const watched = new WeakSet<object>();

/** Has a statement looked at whenever it has run: it attaches a file that its text does not name. */
export function watchAttaching(statement: object, database: NativeDatabase): void {
  attaching.set(statement, database);
  const kind: unknown = Object.getPrototypeOf(statement);
  if (typeof kind !== 'object' || kind === null || watched.has(kind)) return;
  watched.add(kind);
  const run: unknown = Reflect.get(kind, 'run');
  if (typeof run !== 'function') return;
  const guarded = function (this: object, ...args: unknown[]): unknown {
    const result: unknown = Reflect.apply(run, this, args);
    const attached = attaching.get(this);
    if (attached && isArmed()) refuseForeign(attached);
    return result;
  };
  replaceNative(kind, 'run', guarded);
}

/** Replaces a method of the native part, in a sandbox for as long as that lasts. */
export function replaceNative(prototype: object, method: string, guarded: unknown): void {
  const native: unknown = Reflect.get(prototype, method);
  const set = (value: unknown) =>
    Reflect.defineProperty(prototype, method, { value, writable: true, configurable: true });
  set(guarded);
  undoAtEndOfSandbox(() => {
    if (Reflect.get(prototype, method) === guarded) set(native);
  });
}

/**
 * Detaches what may not be attached; nothing has been read or written there yet.
 *
 * @throws {IsolationError} `DBI_FOREIGN_DATABASE`, which is recorded as well.
 */
export function refuseForeign(database: NativeDatabase): void {
  for (const row of database.prepare('pragma database_list').all()) {
    const { name, file } = row as { readonly name: string; readonly file: string };
    const path = fileOf(file);
    if (name === 'main' || path === undefined) continue;
    try {
      admitFile(path, placeOfCaller());
    } catch (error) {
      detach(database, name);
      throw error;
    }
  }
}

function detach(database: NativeDatabase, name: string): void {
  try {
    database.exec(`detach "${name.replaceAll('"', '""')}"`);
  } catch {
    // In a transaction it stays; whoever asked has the error all the same.
  }
}
