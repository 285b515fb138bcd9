import type { Leak } from '../leaks.ts';
import type { Target } from './allow.ts';
import type { Guarded } from './guard.ts';

/** Something open that leads to a permitted database. */
export interface Opened {
  /** Where it was opened. */
  readonly place: () => string | undefined;
  /** Closes it; answers false for what is closed already, or is the library's own. */
  close(): boolean;
}

/** One permitted database. */
export interface Permitted {
  readonly key: string;
  /** Whether it may still be opened; it is known until everything that leads to it has been closed. */
  usable: boolean;
  readonly opened: Set<Opened>;
  /** The local ports of all connections that there have been. */
  readonly ports: Set<number>;
}

/** What the guard knows. */
export interface GuardState {
  hooked: boolean;
  /** Who is guarded, with what says whether a target is on the list of what may be opened anyway. */
  readonly users: Map<Guarded, (target: Target) => boolean>;
  readonly permitted: Map<string, Permitted>;
  /** Greater than 0 while the library itself connects: to anything. */
  trusted: number;
  /** Greater than 0 while the library's client connects on behalf of the app. */
  claiming: number;
  /** Sockets and handles of the library's clients, which close them. */
  readonly claimed: WeakSet<object>;
  /** Files that the library itself has opened. */
  readonly ownFiles: Set<string>;
  /** Child processes, which have a number, and worker threads that run, with the place where they were started. */
  readonly helpers: Set<{ readonly pid: number | undefined; readonly place: () => string | undefined }>;
  /** Whether a native module was loaded that may open files of SQLite and is not better-sqlite3. */
  otherModules: boolean;
  /** Whether the files that are open in this process have been looked at since the last helper ended. */
  searched: boolean;
  /** Files that were open when they were last looked at, by their identity. */
  seen: ReadonlySet<string>;
  /** Violations that belong to none of the users' tests. */
  unclaimed: Leak[];
}

const KEY = Symbol.for('@acme/db-isolation/guard');

/** Shared by all isolations of the process and by all copies of this package, as its hooks are. */
export function guardState(): GuardState {
  const shared = globalThis as { [KEY]?: GuardState };
  shared[KEY] ??= {
    hooked: false,
    users: new Map(),
    permitted: new Map(),
    trusted: 0,
    claiming: 0,
    claimed: new WeakSet(),
    ownFiles: new Set(),
    helpers: new Set(),
    otherModules: false,
    searched: false,
    seen: new Set(),
    unclaimed: [],
  };
  return shared[KEY];
}

/** Whether anything is watched. */
export function isArmed(): boolean {
  return guardState().users.size > 0;
}

/** The key of a database on a server; that of a file is its directory, without symbolic links. */
export function serverKey(dialect: 'postgres' | 'mysql', database: string): string {
  return `${dialect}:${database}`;
}
