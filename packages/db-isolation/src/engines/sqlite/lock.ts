import { utimesSync, writeFileSync } from 'node:fs';
import { hasCode } from '../../errors.ts';
import { elapsed, now, sleep } from '../../real-time.ts';
import type { Driver } from './driver.ts';

/**
 * Runs `work` while no other process on this machine holds the lock `file`; answers false without running it when the
 * lock could not be had within `timeout` milliseconds.
 *
 * The lock is SQLite's own exclusive lock on an empty database, so the kernel gives it back when its holder is killed:
 * there is no stale lock to recognise and no moment in which two processes believe that they hold it.
 */
export async function withLock(
  driver: Driver,
  file: string,
  timeout: number,
  work: () => Promise<void>,
): Promise<boolean> {
  prepare(file);
  const lock = driver.open(file);
  try {
    lock.pragma('busy_timeout = 0'); // waiting inside SQLite would block the whole process
    const deadline = elapsed() + timeout;
    // Nothing is written, so nothing needs to be found again after a crash.
    while (!tryLock(() => lock.exec('pragma journal_mode = memory; begin exclusive'))) {
      if (elapsed() > deadline) return false;
      await sleep(POLL_MS);
    }
    await work();
    return true;
  } finally {
    lock.close(); // rolls back, which frees the lock
  }
}

const POLL_MS = 20;

/** Never opens a file that is there: closing it again would make this process lose SQLite's lock on it. */
function prepare(file: string): void {
  try {
    writeFileSync(file, '', { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
    const seconds = now() / 1000;
    utimesSync(file, seconds, seconds); // a lock that nobody has used for long is removed
  }
}

function tryLock(begin: () => void): boolean {
  try {
    begin();
    return true;
  } catch (error) {
    if (hasCode(error, 'SQLITE_BUSY', 'SQLITE_BUSY_RECOVERY')) return false;
    throw error;
  }
}
