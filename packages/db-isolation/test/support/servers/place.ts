import { execFileSync } from 'node:child_process';
import { accessSync, chownSync, constants, mkdtempSync, statfsSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Who runs a server's programs; empty when it is the user who runs the tests. */
export interface Account {
  readonly uid?: number;
  readonly gid?: number;
}

/** Database servers refuse to run as root: root runs them as the first of these users that exists. */
export function accountFor(...names: readonly string[]): Account {
  if (process.getuid?.() !== 0) return {};
  for (const name of [...names, 'nobody']) {
    try {
      const [uid, gid] = ['-u', '-g'].map((flag) => Number(execFileSync('id', [flag, name], { stdio: 'pipe' })));
      return { uid: uid as number, gid: gid as number };
    } catch {} // no such user
  }
  throw new Error(`no user to run a server as: root has none of ${names.join(', ')}, nobody`);
}

/** Makes a directory that only this account can enter: in memory where there is room for it. */
export function privateDirectory(account: Account, parent = roomInMemory() ?? tmpdir()): string {
  const directory = mkdtempSync(join(parent, 'db-isolation-server-'));
  if (account.uid !== undefined) chownSync(directory, account.uid, account.gid ?? account.uid);
  return directory;
}

/** A port of 127.0.0.1 on which nothing listens. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}

/** Containers often have a small /dev/shm: servers need a gigabyte to be safe. */
function roomInMemory(): string | undefined {
  const memory = '/dev/shm';
  try {
    const { bavail, bsize } = statfsSync(memory);
    accessSync(memory, constants.W_OK);
    return bavail * bsize >= 2 ** 30 ? memory : undefined;
  } catch {
    return undefined;
  }
}
