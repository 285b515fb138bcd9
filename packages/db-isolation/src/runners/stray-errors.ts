import type { ManagedLease } from '../core/lease.ts';
import { hasCode, isErrorLike, messageOf } from '../errors.ts';
import type { Leak } from '../leaks.ts';
import { firstOfApp } from '../place.ts';

/** Answers the lease of the test whose code is running, also when the test has ended. */
type OwnLease = () => ManagedLease<unknown> | undefined;

const owners = new Set<OwnLease>();
/** What takes back that a rejection was held against a test. */
const seen = new WeakMap<Promise<unknown>, () => void>();

/**
 * Holds errors that nobody catches against the test whose code made them, by the async context in which they happen:
 * rejections always, since Mocha swallows them; errors thrown by a timer when that test has ended, since Mocha would
 * blame the test that happens to run. All others go where they went before. Idempotent; lasts as long as the process.
 */
export function watchStrayErrors(own: OwnLease): void {
  if (owners.size === 0) {
    process.prependListener('unhandledRejection', onRejection);
    process.on('rejectionHandled', (promise: Promise<unknown>) => seen.get(promise)?.()); // late, but in time
    watchEmit();
  }
  owners.add(own);
}

/**
 * Replaces `process.emit`, by which Node tells of an error that nobody has caught: a listener cannot keep others from
 * hearing of it. `process.setUncaughtExceptionCaptureCallback` could, but then nobody can load `node:domain` any more.
 */
function watchEmit(): void {
  const { emit } = process;
  process.emit = function (this: NodeJS.Process, event: string, ...values: unknown[]): boolean {
    if (event === 'uncaughtException' && isOfEndedTest(values[0])) return true;
    return Reflect.apply(emit, this, [event, ...values]);
  } as typeof process.emit;
}

function ownLease(): ManagedLease<unknown> | undefined {
  for (const own of owners) {
    const lease = own();
    if (lease) return lease;
  }
  return undefined;
}

function onRejection(reason: unknown, promise: Promise<unknown>): void {
  if (seen.has(promise)) return; // Mocha passes each one on a second time
  const lease = ownLease();
  const message = `it left a rejection unhandled: ${textOf(reason)}`;
  seen.set(promise, lease ? hold(lease, reason, { kind: 'unhandled-rejection', message }) : () => undefined);
  if (!lease && process.listenerCount('unhandledRejection') === 1) throw reason; // as Node does when nobody listens
}

/** Holds an error against the test that has thrown it, if that test is over. */
function isOfEndedTest(error: unknown): boolean {
  const lease = ownLease();
  if (!lease?.ended) return false;
  hold(lease, error, { kind: 'late-error', message: `it threw an error after its end: ${textOf(error)}` });
  return true;
}

/** An error that says that something was refused has been counted when it was refused. Answers what takes it back. */
function hold(lease: ManagedLease<unknown>, error: unknown, leak: Leak): () => void {
  if (hasCode(error, 'DBI_STALE_LEASE', 'DBI_FOREIGN_DATABASE')) return () => undefined;
  const place = isErrorLike(error) ? firstOfApp(error.stack ?? '') : undefined;
  return lease.record(place ? { ...leak, place } : leak);
}

function textOf(thrown: unknown): string {
  return isErrorLike(thrown) ? `${thrown.name}: ${thrown.message}` : messageOf(thrown);
}
