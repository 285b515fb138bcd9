import type { ManagedLease } from '../core/lease.ts';
import { hasCode, isErrorLike, messageOf } from '../errors.ts';
import { firstOfApp } from '../place.ts';

/** Answers the lease of the test whose code is running, also when the test has ended. */
type OwnLease = () => ManagedLease<unknown> | undefined;

const owners = new Set<OwnLease>();

/**
 * Says to which test an error belongs that nobody has caught, by the async context in which it happens: a rejection fails
 * the test that is still running, and to all others Vitest's own report, which guesses, is given the right name. Replaces
 * `process.emit`, by which Node tells of such errors, since Vitest reports none when anybody else listens.
 */
export function nameStrayErrors(own: OwnLease): void {
  if (owners.size === 0) {
    const { emit } = process;
    process.emit = function (this: NodeJS.Process, event: string, ...values: unknown[]): boolean {
      const lease = event === 'unhandledRejection' || event === 'uncaughtException' ? ownLease() : undefined;
      if (lease && isHeldAgainst(lease, event, values[0])) return true;
      return Reflect.apply(emit, this, [event, ...values]);
    } as typeof process.emit;
  }
  owners.add(own);
}

function ownLease(): ManagedLease<unknown> | undefined {
  for (const own of owners) {
    const lease = own();
    if (lease) return lease;
  }
  return undefined;
}

/** Answers false for what Vitest has to report. */
function isHeldAgainst(lease: ManagedLease<unknown>, event: string, error: unknown): boolean {
  if (hasCode(error, 'DBI_STALE_LEASE', 'DBI_FOREIGN_DATABASE')) return true; // counted when it was refused
  if (lease.ended || event === 'uncaughtException') {
    name(error, lease);
    return false;
  }
  const place = isErrorLike(error) ? firstOfApp(error.stack ?? '') : undefined;
  const message = `it left a rejection unhandled: ${isErrorLike(error) ? `${error.name}: ` : ''}${messageOf(error)}`;
  lease.record({ kind: 'unhandled-rejection', message, ...(place !== undefined && { place }) });
  return true;
}

function name(error: unknown, { title, ended }: ManagedLease<unknown>): void {
  if (!isErrorLike(error)) return;
  const text = `It belongs to the test "${title}"${ended ? ', which had ended' : ''}.`;
  try {
    const { message, stack } = error;
    error.message = `${message}\n${text}`;
    if (stack) error.stack = message && stack.includes(message) ? stack.replace(message, () => error.message) : stack;
  } catch {
    // It is frozen.
  }
}

/** Exit codes that shells use: 128 plus the number of the signal. `disconnect` says that the main process has gone. */
const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143, disconnect: 143 } as const;

/**
 * Ends a worker process on the signals that people and CI send, and when Vitest's main process has gone, so that `exit`
 * listeners run and remove what is open. Answers what undoes that. In a worker thread, signals do not come.
 *
 * Vitest replaces `process.exit` while tests run, so this does what it would do.
 */
export function exitOnSignals(): () => void {
  const listeners = Object.entries(SIGNALS).map(([event, code]) => {
    const listener = () => {
      process.exitCode = code;
      process.emit('exit', code);
      (process as typeof process & { reallyExit(code: number): never }).reallyExit(code);
    };
    process.prependListener(event as NodeJS.Signals, listener);
    return [event, listener] as const;
  });
  return () => {
    for (const [event, listener] of listeners) process.off(event, listener);
  };
}
