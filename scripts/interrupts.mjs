// Ctrl-C and SIGTERM also end the programs that a script runs; it ends when they have cleaned up and ended.
import { once } from 'node:events';
import { constants } from 'node:os';

/** The programs that run, each with its end. */
const children = new Map();
let interrupted;

/** The script was told to end while it waited for a program. */
export class Interrupted extends Error {
  exitCode = 128 + constants.signals[interrupted];
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    if (interrupted || children.size === 0) process.exit(128 + constants.signals[signal]);
    interrupted = signal;
    // Of all signals Mocha passes only this one on to the process in which the tests run.
    for (const child of children.keys()) child.kill('SIGINT');
  });
}

/** Waits for the end of a program; answers its exit code or the signal that ended it. */
export async function endOf(child) {
  children.set(child, once(child, 'close'));
  const [code, signal] = await children.get(child);
  if (interrupted) {
    await Promise.all(children.values());
    throw new Interrupted(`interrupted by ${interrupted}`);
  }
  children.delete(child);
  return code ?? signal;
}
