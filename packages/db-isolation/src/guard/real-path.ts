import { readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

/** An absolute path without symbolic links, also of a file that is yet to be made. */
export function realPath(path: string): string {
  try {
    return realpathSync.native(path);
  } catch {
    const target = linkTarget(path);
    if (target !== undefined) return realPath(target);
    const parent = dirname(resolve(path));
    return parent === resolve(path) ? parent : join(realPath(parent), basename(path));
  }
}

/** Where a link leads whose target does not exist yet. */
function linkTarget(path: string): string | undefined {
  try {
    return resolve(dirname(path), readlinkSync(path));
  } catch {
    return undefined;
  }
}
