import { mkdirSync, statSync } from 'node:fs';
import path from 'node:path';

/**
 * Makes a directory and those above it, as far as they are missing. Node's own recursive mkdir never comes back where
 * a file system has no place for directories, such as /proc.
 *
 * @throws an error of the file system when it cannot be made.
 */
export function makeDirectory(directory: string, mode = 0o777): void {
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory()) {
    return;
  }
  const parent = path.dirname(directory);
  if (parent !== directory) {
    makeDirectory(parent, mode);
  }
  try {
    mkdirSync(directory, { mode });
  } catch (error) {
    // Another process may have made it in the meantime.
    if (!statSync(directory, { throwIfNoEntry: false })?.isDirectory()) {
      throw error;
    }
  }
}
