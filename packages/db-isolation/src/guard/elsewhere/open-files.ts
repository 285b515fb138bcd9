import { fstatSync, readSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import type { Leak } from '../../leaks.ts';
import { permitFor } from '../sqlite/files.ts';
import { guardState, type Permitted } from '../state.ts';
import { isAllowed } from '../violation.ts';
import { filesOfProcess, withChildren } from './files-of-process.ts';

/** How every database file of SQLite begins. */
const MAGIC = 'SQLite format 3\0';

/**
 * What the hooks do not see: files of SQLite that are open in other threads, in other native modules, in child processes,
 * or since before the guard was armed. Asked when everything else that leads to a database has been closed. Only on Linux,
 * which tells. Each open file is reported once, to whoever is the first to ask.
 */
export function openFileLeaks(database: Permitted): readonly Leak[] {
  const state = guardState();
  const { helpers, otherModules, searched } = state;
  if (process.platform !== 'linux' || (helpers.size === 0 && !otherModules && searched)) return [];
  state.searched = true;
  return [...leaksHere(database), ...leaksOfChildren(database)];
}

function leaksHere(database: Permitted): readonly Leak[] {
  const state = guardState();
  const before = state.seen;
  const seen = new Set<string>();
  state.seen = seen;
  return filesOfProcess(process.pid).flatMap(({ descriptor, path }) => {
    const permitted = permitFor(path);
    // Beside a worker thread there are others, whose tests have their own files open.
    if (permitted ? permitted !== database : !isMainThread || state.ownFiles.has(path)) return [];
    const identity = identityOfDatabase(descriptor);
    if (identity === undefined || seen.has(identity)) return [];
    seen.add(identity);
    if (before.has(identity)) return [];
    if (permitted)
      return [
        withPlace(
          IN_THREAD,
          placeOfHelper((pid) => pid === undefined),
        ),
      ];
    const target = { dialect: 'sqlite', file: path } as const;
    return isAllowed(target) ? [] : [{ kind: 'foreign-database', message: `${path} ${ELSEWHERE}` }];
  });
}

function leaksOfChildren(database: Permitted): readonly Leak[] {
  return [...guardState().helpers].flatMap(({ pid, place }) => {
    if (pid === undefined) return [];
    const files = withChildren(pid).flatMap(filesOfProcess);
    return files.some(({ path }) => permitFor(path) === database) ? [withPlace(IN_CHILD, place())] : [];
  });
}

const ELSEWHERE =
  'is not its database, but was open: in a worker thread, in a native module, or since before the tests were guarded';
const IN_THREAD: Leak = {
  kind: 'open-connection',
  message: 'its database was still open in a worker thread, or in a native module other than better-sqlite3',
};
const IN_CHILD: Leak = {
  kind: 'open-connection',
  message: 'its database was still open in a child process',
};

/** The place where the only helper of a kind was started. */
function placeOfHelper(isMeant: (pid: number | undefined) => boolean): string | undefined {
  const meant = [...guardState().helpers].filter(({ pid }) => isMeant(pid));
  return meant.length === 1 ? meant[0]?.place() : undefined;
}

function withPlace(leak: Leak, place: string | undefined): Leak {
  return { ...leak, ...(place !== undefined && { place }) };
}

/**
 * Says which file it is, if it is a database. Reads by the descriptor that is there: opening the file once more and closing
 * it again would make this process lose the locks that SQLite has on it.
 */
function identityOfDatabase(descriptor: number): string | undefined {
  try {
    const start = Buffer.alloc(MAGIC.length);
    readSync(descriptor, start, 0, start.length, 0);
    if (start.toString('latin1') !== MAGIC) return undefined;
    const { dev, ino } = fstatSync(descriptor);
    return `${dev}:${ino}`;
  } catch {
    return undefined; // closed in the meantime, or not to be read
  }
}
