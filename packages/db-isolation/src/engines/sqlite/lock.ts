import { setTimeout as sleep } from 'node:timers/promises';
import { hasCode } from '../../errors.ts';
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
  const lock = driver.open(file);
  try {
    lock.pragma('journal_mode = memory'); // nothing is written, so nothing needs to be found again after a crash
    lock.pragma('busy_timeout = 0'); // waiting inside SQLite would block the whole process
    const deadline = performance.now() + timeout;
    while (!tryLock(() => lock.exec('begin exclusive'))) {
      if (performance.now() > deadline) return false;
      await sleep(POLL_MS);
    }
    await work();
    return true;
  } finally {
    lock.close(); // rolls back, which frees the lock
  }
}

const POLL_MS = 20;

function tryLock(begin: () => void): boolean {
  try {
    begin();
    return true;
  } catch (error) {
    if (hasCode(error, 'SQLITE_BUSY', 'SQLITE_BUSY_RECOVERY')) return false;
    throw error;
  }
}
