import { outside, undoAtEndOfSandbox } from '../sandbox.ts';

const { process } = outside;

/** Exit codes that shells use: 128 plus the number of the signal. */
const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/**
 * Ends the process on the signals that people and CI send, so that `exit` listeners run and remove what is open.
 *
 * Library code should not end its caller's process, but here nothing gentler works: without a handler Node dies before
 * any listener runs, and after cleaning up and sending the signal again `mocha --parallel` exits with code 0. The listeners
 * stay, since a Ctrl-C may arrive twice (from the terminal, and from Mocha's main process) and the second one must not end
 * the process half-way.
 */
export function exitOnSignals(): void {
  for (const [signal, listener] of LISTENERS) {
    if (!process.listeners(signal).includes(listener)) process.prependListener(signal, listener);
    undoAtEndOfSandbox(() => void process.off(signal, listener));
  }
}

/** Whether this is an exit code by which a process tells that a signal has ended it. */
export function isSignalled(code: typeof process.exitCode): boolean {
  return Object.values(SIGNALS).some((signalled) => signalled === code);
}

const LISTENERS = Object.entries(SIGNALS).map(([signal, code]) => {
  return [signal as keyof typeof SIGNALS, () => process.exit(code)] as const;
});
