import { elapsed, sleep } from '../../real-time.ts';
import type { AdminConnection, ServerDialect } from './dialect.ts';

/** How many connections of a run make and drop databases. Two are about as fast as four, and one is slower. */
export const WORKERS = 2;

/** The lock that a run's session holds. */
export function sessionLock(run: string): string {
  return `run-${run}`;
}

/** The lock that one of a run's workers holds, by its number. */
export function workerLock(run: string, number: number): string {
  return `run-${run}-${number}`;
}

/**
 * All locks of a run. Whoever removes what a dead run has made needs all of them: a server notices that a client is gone
 * after the statement that it is executing, which may be the one that makes a database.
 */
export function locksOf(run: string): readonly string[] {
  return [sessionLock(run), ...Array.from({ length: WORKERS }, (_, number) => workerLock(run, number))];
}

/** Takes locks that others are about to give back. Answers whether it got all of them within so many milliseconds. */
export async function lockAll(
  dialect: ServerDialect,
  connection: AdminConnection,
  locks: readonly string[],
  timeout: number,
): Promise<boolean> {
  const deadline = elapsed() + timeout;
  for (let missing = locks; ; ) {
    const got = await dialect.tryLocks(connection, missing);
    missing = missing.filter((_, index) => !got[index]);
    if (missing.length === 0) return true;
    if (elapsed() > deadline) return false;
    await sleep(POLL_MS);
  }
}

const POLL_MS = 20;
