import {
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  openSync,
  readSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import type BetterSqlite3 from 'better-sqlite3';
import { onDisk, randomName, removeTree } from './directories.ts';
import type { Driver } from './driver.ts';

/** What is looked at, and where. */
interface Files {
  readonly template: string;
  readonly clone: string;
  readonly scratch: string;
}

/** The code of an error: the file cannot be read as it is, and is too large to be copied. */
export const HOT_JOURNAL = 'HOT_JOURNAL';

/** A file of so many bytes is copied in some 100 ms. */
const QUICKLY_COPIED = 67_108_864;

/**
 * Opens a clone as `main` and its template as `original`, for reading only.
 *
 * The files get second names in a directory of their own, and only those are opened: what SQLite puts beside a database
 * that has a write-ahead log would otherwise stay beside the clone and the template.
 */
export async function withViews(
  driver: Driver,
  { template, clone, scratch }: Files,
  work: (db: BetterSqlite3.Database) => Promise<void>,
): Promise<void> {
  const directory = join(scratch, `changes-${randomName()}`);
  const [view, original] = [join(directory, 'clone'), join(directory, 'template')];
  let db: BetterSqlite3.Database | undefined;
  try {
    onDisk(directory, () => mkdirSync(directory, { mode: 0o700 }));
    const isHot = hasHotJournal(clone);
    if (isHot) copyWithJournal(clone, view);
    else addNames(clone, view);
    addName(template, original);
    db = driver.open(view, { readonly: !isHot });
    // Integers as they are, and no waiting inside SQLite, which would stop the whole process.
    db.defaultSafeIntegers().pragma('busy_timeout = 0');
    if (isHot) db.exec('select 1 from sqlite_schema limit 1; pragma query_only = on');
    db.prepare('attach ? as original').run(original);
    await work(db);
  } finally {
    db?.close();
    removeTree(directory);
  }
}

function addNames(file: string, name: string): void {
  addName(file, name);
  if (existsSync(`${file}-wal`)) addName(`${file}-wal`, `${name}-wal`);
}

function addName(file: string, name: string): void {
  onDisk(name, () => {
    try {
      linkSync(file, name);
    } catch {
      copyFileSync(file, name, constants.COPYFILE_FICLONE); // a file system without links
    }
  });
}

/** Whether a process was killed within a transaction, which the next one that opens the file has to undo. */
function hasHotJournal(file: string): boolean {
  const journal = `${file}-journal`;
  if (!statSync(journal, { throwIfNoEntry: false })?.size) return false;
  const first = Buffer.alloc(1);
  const descriptor = openSync(journal, 'r');
  readSync(descriptor, first);
  closeSync(descriptor);
  return first[0] !== 0; // else it was left by a transaction that has ended
}

/** Undoing changes the file. */
function copyWithJournal(file: string, copy: string): void {
  if (statSync(file).size > QUICKLY_COPIED) {
    const why = 'a transaction has to be undone first that a process had not ended when it was killed';
    throw Object.assign(new Error(why), { code: HOT_JOURNAL });
  }
  for (const part of ['', '-journal']) {
    onDisk(copy, () => copyFileSync(`${file}${part}`, `${copy}${part}`, constants.COPYFILE_FICLONE));
  }
}
