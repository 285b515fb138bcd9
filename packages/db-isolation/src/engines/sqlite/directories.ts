import { randomBytes } from 'node:crypto';
import { lstatSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { directoryUnusable, diskFull, foreignName, hasCode, IsolationError, messageOf } from '../../errors.ts';
import { mayBeAlive, processIdentity } from '../process-identity.ts';

/** Where everything on disk lives. All of it is private to the user: directories 0700, files 0600. */
export interface Directories {
  /** Templates, one directory per fingerprint. */
  readonly templates: string;
  /** One lock file per fingerprint. */
  readonly locks: string;
  /** Databases of failed tests, one directory per project. */
  readonly kept: string;
  /** One directory per live run, named after its process. */
  readonly runs: string;
}

/** Names of runs, templates, kept databases and their projects; nothing else is ever removed. */
const OWN_NAME = /^(run-[0-9a-f]{8}-\d+-\d+-\d+-[0-9a-f]{12}|[0-9a-f]{32}|kept-\d{13}-[\w-]*[0-9a-f]{12})$/;

/**
 * Makes the private directory of this user below `DB_ISOLATION_DIR`, else below the system's temporary directory.
 *
 * @throws {IsolationError} `DBI_DIRECTORY_UNUSABLE` when it cannot be written, or when others could tamper with it.
 */
export function openDirectories(): Directories {
  const base = resolve(process.env['DB_ISOLATION_DIR'] || tmpdir());
  const root = join(base, `db-isolation-${process.getuid?.() ?? 'user'}`);
  const directories = {
    templates: join(root, 'templates'),
    locks: join(root, 'locks'),
    kept: join(root, 'kept'),
    runs: join(root, 'runs'),
  };
  onDisk(root, () => {
    makeDirectory(root);
    assertPrivate(root);
    Object.values(directories).forEach(makeDirectory);
  });
  return directories;
}

/**
 * Makes a private directory and those above it, as far as they are missing. Node's own recursive mkdir spins for ever
 * where a file system has no place for directories, such as /proc.
 */
export function makeDirectory(directory: string): void {
  const exists = () => statSync(directory, { throwIfNoEntry: false })?.isDirectory();
  if (exists()) return;
  const parent = dirname(directory);
  if (parent !== directory) makeDirectory(parent);
  try {
    mkdirSync(directory, { mode: 0o700 });
  } catch (error) {
    if (!exists()) throw error; // or else another process was quicker
  }
}

/** Makes this process's directory for one session. */
export function createRunDirectory({ runs }: Directories): string {
  const run = join(runs, `run-${processIdentity()}-${randomName()}`);
  onDisk(runs, () => mkdirSync(run, { mode: 0o700 }));
  return run;
}

/** Removes the directories of runs whose process is gone. Safe beside live runs and beside others doing the same. */
export function removeDeadRuns(directories: Directories): number {
  let removed = 0;
  for (const name of readdirSync(directories.runs)) {
    const path = join(directories.runs, name);
    const identity = /^run-(.+)-[0-9a-f]{12}$/.exec(name)?.[1];
    if (identity !== undefined && !mayBeAlive(identity) && discard(directories, path)) removed += 1;
    if (/^dead-[0-9a-f]{12}$/.test(name)) removeTree(path); // whoever claimed it was killed while removing it
  }
  return removed;
}

/**
 * Removes a directory that others may be removing or reading at the same moment: renaming it first is atomic, so exactly
 * one process gets it and nobody ever sees half of it. Answers false when it was gone already.
 *
 * @throws {IsolationError} `DBI_FOREIGN_NAME` for a directory that this engine did not make.
 */
export function discard({ runs }: Directories, path: string): boolean {
  if (!isOwn(basename(path))) throw foreignName(path);
  const claimed = join(runs, `dead-${randomName()}`);
  try {
    renameSync(path, claimed);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false;
    throw error;
  }
  removeTree(claimed);
  return true;
}

/** Whether this engine gives such names. */
export function isOwn(name: string): boolean {
  return OWN_NAME.test(name);
}

/** Removes a directory of this process with everything in it. */
export function removeTree(path: string): void {
  rmSync(path, { recursive: true, force: true, maxRetries: 3 });
}

/** Twelve random hexadecimal digits. */
export function randomName(): string {
  return randomBytes(6).toString('hex');
}

/** Runs file operations and turns what disks say into this package's errors. */
export function onDisk<T>(path: string, operation: () => T): T {
  try {
    return operation();
  } catch (error) {
    throw diskError(path, error);
  }
}

/** What a failed file operation below `path` means for the user. */
export function diskError(path: string, error: unknown): unknown {
  if (isDiskFull(error)) return diskFull(path, error);
  if (hasCode(error, 'EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'ENOENT', 'EEXIST', 'SQLITE_CANTOPEN', 'SQLITE_READONLY')) {
    return directoryUnusable(path, messageOf(error), error);
  }
  return error;
}

/** Also when it is a migration that failed for this reason. */
export function isDiskFull(error: unknown): boolean {
  const cause = error instanceof IsolationError ? error.cause : error;
  return hasCode(cause, 'ENOSPC', 'EDQUOT', 'SQLITE_FULL');
}

function assertPrivate(root: string): void {
  const stat = lstatSync(root);
  if (!stat.isDirectory()) throw directoryUnusable(root, 'it is not a directory');
  const uid = process.getuid?.();
  if (uid === undefined) return; // no such thing as an owner on this platform
  if (stat.uid !== uid) throw directoryUnusable(root, 'it belongs to another user');
  if ((stat.mode & 0o077) !== 0) throw directoryUnusable(root, 'other users can read it (chmod 700 would mend that)');
}
