import { constants, copyFileSync, mkdirSync, rmdirSync, statSync, unlinkSync } from 'node:fs';
import { copyFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from '../../errors.ts';
import { diskError, removeTree } from './directories.ts';
import { DATABASE_FILE } from './templates.ts';

/** Below this many bytes (32 MiB, some 20 ms) waiting for another thread to copy costs more than it gives. */
const SMALL = 33_554_432;

/** One test's copy of a template: a file in a directory of its own. */
export interface Copy {
  readonly directory: string;
  readonly file: string;
  readonly small: boolean;
}

/**
 * Copies a template into `directory`, which must not exist yet: a path is never used twice, since SQLite would take a
 * log file left by the earlier database for its own. Shares blocks with the template where the file system can.
 * Answers undefined when the template has gone.
 *
 * @throws {IsolationError} `DBI_DISK_FULL`, `DBI_DIRECTORY_UNUSABLE`; nothing is left behind then.
 */
export async function copyTemplate(template: string, directory: string): Promise<Copy | undefined> {
  const file = join(directory, DATABASE_FILE);
  try {
    const small = statSync(template).size < SMALL;
    mkdirSync(directory, { mode: 0o700 });
    if (small) copyFileSync(template, file, constants.COPYFILE_FICLONE);
    else await copyFile(template, file, constants.COPYFILE_FICLONE);
    return { directory, file, small };
  } catch (error) {
    removeTree(directory);
    if (hasCode(error, 'ENOENT') && !statSync(template, { throwIfNoEntry: false })) return undefined;
    throw diskError(directory, error);
  }
}

/** Removes a copy with every file beside it. */
export async function removeCopy({ directory, file, small }: Copy): Promise<void> {
  try {
    // Most often the only file, and then this is cheaper than searching the directory.
    if (small) unlinkSync(file);
    else await unlink(file);
    rmdirSync(directory);
  } catch {
    removeTree(directory);
  }
}
