import { constants, copyFileSync, mkdirSync, rmdirSync, statSync, unlinkSync } from 'node:fs';
import { copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from '../../errors.ts';
import { diskError, removeTree } from './directories.ts';
import { DATABASE_FILE } from './templates.ts';

/** Below this many bytes copying takes less time than handing the copy to another thread and waiting for it. */
const SMALL = 1_048_576;

const SIDE_FILES = ['-wal', '-shm', '-journal'];

/**
 * Copies a template into `directory`, which must not exist yet: a path is never used twice, since SQLite would take a
 * log file left by the earlier database for its own. Shares blocks with the template where the file system can.
 * Answers undefined when the template has gone.
 *
 * @throws {IsolationError} `DBI_DISK_FULL`, `DBI_DIRECTORY_UNUSABLE`; nothing is left behind then.
 */
export async function copyTemplate(template: string, directory: string): Promise<string | undefined> {
  const file = join(directory, DATABASE_FILE);
  try {
    const { size } = statSync(template);
    mkdirSync(directory, { mode: 0o700 });
    if (size < SMALL) copyFileSync(template, file, constants.COPYFILE_FICLONE);
    else await copyFile(template, file, constants.COPYFILE_FICLONE);
    return file;
  } catch (error) {
    removeTree(directory);
    if (hasCode(error, 'ENOENT') && !statSync(template, { throwIfNoEntry: false })) return undefined;
    throw diskError(directory, error);
  }
}

/** Removes a copy with every file beside it. */
export async function removeCopy(directory: string): Promise<void> {
  const file = join(directory, DATABASE_FILE);
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size >= SMALL) return rm(directory, { recursive: true, force: true, maxRetries: 3 });
  // Most often the directory holds one file, or the files that SQLite names: cheaper than searching it.
  for (const path of [file, ...SIDE_FILES.map((suffix) => file + suffix)]) tryRemove(() => unlinkSync(path));
  if (!tryRemove(() => rmdirSync(directory))) removeTree(directory);
}

function tryRemove(remove: () => void): boolean {
  try {
    remove();
    return true;
  } catch {
    return false;
  }
}
