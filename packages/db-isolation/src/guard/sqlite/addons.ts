import { createRequire } from 'node:module';
import { placeOfCaller } from '../../place.ts';
import { outside, replace, sandbox } from '../../sandbox.ts';
import { guardState, isArmed, type Opened } from '../state.ts';
import { type NativeDatabase, refuseForeign, replaceNative, watchAttaching } from './attached.ts';
import { admitFile, fileOf } from './files.ts';
import { attachesByValue, filesIn } from './statements.ts';

/** An open database as the native part of better-sqlite3 has it. */
interface Handle {
  readonly open: boolean;
  /** @param database what the statement answers when it is asked for its database. */
  prepare(sql: string, database: object, isPragma: boolean): ReturnType<NativeDatabase['prepare']>;
  exec(sql: string): unknown;
  close(): unknown;
}

type HandleClass = (new (...args: unknown[]) => Handle) & { readonly prototype: Handle };

interface Addon {
  Database: HandleClass;
}

/** Every load of the native part is seen, however the package is imported, how often and under which name. */
export function watchAddons(): void {
  const { process } = outside;
  const { dlopen } = process;
  replace(process, 'dlopen', function guardedDlopen(this: NodeJS.Process, ...args: Parameters<typeof dlopen>) {
    dlopen.apply(this, args);
    watchAddon(args[0]);
    noteOther(args[0], args[1]);
  });
  // Those that were loaded before.
  const { modules = createRequire(import.meta.url).cache } = sandbox ?? {};
  for (const [file, module] of Object.entries(modules)) {
    watchAddon(module);
    noteOther(module, file);
  }
}

/** The others are not watched, but then it is worth the while to look for files that they leave open. */
function noteOther(module: object | undefined, file: string): void {
  if (!/\.node$/.test(file) || !/sqlite|libsql/i.test(file)) return;
  if (!isAddon(Reflect.get(Object(module), 'exports'))) guardState().otherModules = true;
}

function watchAddon(module: object | undefined): void {
  const exported: unknown = module && Reflect.get(module, 'exports');
  if (!isAddon(exported) || watched.has(exported.Database)) return;
  const Native = exported.Database;
  const Guarded = guardedClass(Native);
  watched.add(Guarded);
  replace(exported, 'Database', Guarded);
  guardMethods(Native.prototype);
}

const watched = new WeakSet<object>();

/** Handles of the library's own, which may attach what they want. */
const trusted = new WeakSet<object>();

function isAddon(exported: unknown): exported is Addon {
  return (
    typeof exported === 'object' && exported !== null && 'setErrorConstructor' in exported && 'Database' in exported
  );
}

/** Not a subclass, since the native part looks at what it is given. */
function guardedClass(Native: HandleClass): HandleClass {
  function Database(...args: unknown[]): Handle {
    if (!isArmed()) return new Native(...args);
    const state = guardState();
    const [name, , inMemory] = args;
    const file = inMemory || typeof name !== 'string' ? undefined : fileOf(name);
    if (state.trusted > 0) {
      const handle = new Native(...args);
      trusted.add(handle);
      if (file !== undefined) state.ownFiles.add(file);
      return handle;
    }
    if (file === undefined) return new Native(...args);
    const place = placeOfCaller();
    const permitted = admitFile(file, place);
    const handle = new Native(...args);
    if (state.claiming === 0) permitted?.opened.add(opened(handle, place));
    return handle;
  }
  Database.prototype = Native.prototype;
  return Database as unknown as HandleClass;
}

/** Held weakly: a handle that nobody has any more closes itself. */
function opened(handle: Handle, place: Opened['place']): Opened {
  const held = new WeakRef(handle);
  return {
    place,
    close() {
      const left = held.deref();
      if (!left?.open || guardState().claimed.has(left)) return false;
      try {
        left.close();
      } catch {
        // It is in the middle of a statement, and stays open until that is over.
      }
      return true;
    },
  };
}

/** What opens other files: statements, whose text comes first, and backups, whose file comes third. */
function guardMethods(prototype: Handle): void {
  const filesOf = {
    prepare: ([sql]: readonly unknown[]) => (typeof sql === 'string' ? filesIn(sql) : []),
    exec: ([sql]: readonly unknown[]) => (typeof sql === 'string' ? filesIn(sql) : []),
    backup: ([, , name]: readonly unknown[]) => (typeof name === 'string' ? [name] : []),
  };
  const natives: Natives = { prepare: prototype.prepare, exec: prototype.exec };
  for (const [method, names] of Object.entries(filesOf)) {
    const native: unknown = Reflect.get(prototype, method);
    if (typeof native !== 'function') continue;
    const guarded = function (this: Handle, ...args: unknown[]): unknown {
      const isWatched = isArmed() && !trusted.has(this);
      if (isWatched) names(args).forEach(admitName);
      const result: unknown = Reflect.apply(native, this, args);
      if (isWatched && typeof args[0] === 'string' && attachesByValue(args[0])) {
        const database = nativeDatabase(this, natives);
        if (method === 'prepare') watchAttaching(Object(result), database);
        else if (method === 'exec') refuseForeign(database);
      }
      return result;
    };
    replaceNative(prototype, method, guarded);
  }
}

type Natives = Pick<Handle, 'prepare' | 'exec'>;

function nativeDatabase(handle: Handle, { prepare, exec }: Natives): NativeDatabase {
  return {
    prepare: (sql) => prepare.call(handle, sql, handle, false),
    exec: (sql) => exec.call(handle, sql),
  };
}

function admitName(name: string): void {
  const file = fileOf(name);
  if (file !== undefined) admitFile(file, placeOfCaller());
}
