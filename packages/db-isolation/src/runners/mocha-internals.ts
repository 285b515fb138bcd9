import type { ManagedLease } from '../core/lease.ts';

// The parts of Mocha 11 and 12 that the adapter touches. Those that start with an underscore are not documented; where
// they are missing, the adapter goes without.

type Body = (this: unknown, done?: (error?: unknown) => void) => unknown;

interface Runnable {
  fn?: Body;
  async?: number | boolean;
  state?: 'passed' | 'failed' | 'pending';
  err?: unknown;
  readonly parent?: MochaSuite;
}

/** A test, one object for each attempt at it. */
export interface MochaTest extends Runnable {
  fullTitle(): string;
  isPending(): boolean;
  /** The first attempt, in later attempts. */
  retriedTest?(): MochaTest | undefined;
}

export interface MochaSuite {
  readonly parent?: MochaSuite;
  _beforeEach?: Runnable[];
  _afterEach?: Runnable[];
}

/** `this` in hooks. */
export interface MochaContext {
  readonly currentTest?: MochaTest;
  /** The hook itself. */
  readonly test?: Runnable;
  timeout(milliseconds: number): unknown;
}

/** Whether this attempt failed, in whatever way: a failed one that Mocha will retry has no state at all. */
export function hasFailed(test: MochaTest): boolean {
  return !test.isPending() && test.state !== 'passed';
}

/** The same object for all attempts at one test. */
export function firstAttempt(test: MochaTest): MochaTest {
  return test.retriedTest?.() ?? test;
}

/**
 * Makes the test's body run inside `inContext`, and fail with the lease's error if there is one. A retried test starts
 * with the wrapped body of the attempt before it, so wrappers are looked up and never nested.
 */
export function wrapBody<Db>(test: MochaTest, lease: ManagedLease<Db>, inContext: <T>(body: () => T) => T): void {
  if (!test.fn) return;
  const body = BODIES.get(test.fn) ?? test.fn;
  const start: Body = function (...args) {
    if (lease.error !== undefined) throw lease.error;
    return inContext(() => body.apply(this, args));
  };
  // Mocha tells by the number of parameters whether a body takes a callback.
  test.fn =
    body.length === 0
      ? start
      : function (done) {
          return start.call(this, done);
        };
  BODIES.set(test.fn, body);
}

const BODIES = new WeakMap<Body, Body>();

/** Moves our hook behind those that were registered later, so that they still have the database. */
export function runHookLast(suite: MochaSuite | undefined, fn: unknown): void {
  const hooks = suite?._afterEach;
  const ours = hooks?.find((hook) => hook.fn === fn);
  if (!hooks || !ours) return;
  hooks.splice(hooks.indexOf(ours), 1);
  hooks.push(ours);
}

/**
 * Empties the other hooks around a test that got no database. One of them would fail first for want of it, and Mocha
 * would then skip the rest of the suite instead of failing each test by name. Returns what undoes it.
 */
export function silenceHooks(test: MochaTest, outermost: MochaSuite | undefined, ours: readonly unknown[]): () => void {
  const silenced: { hook: Runnable; fn: Body | undefined }[] = [];
  for (const suite of suitesOf(test, outermost)) {
    for (const hook of [...(suite._beforeEach ?? []), ...(suite._afterEach ?? [])]) {
      if (ours.includes(hook.fn)) continue;
      silenced.push({ hook, fn: hook.fn });
      hook.fn = hook.async ? (done) => done?.() : () => undefined;
    }
  }
  return () => {
    for (const { hook, fn } of silenced) if (fn) hook.fn = fn;
  };
}

/** The error of a hook that failed around this test, if Mocha's reporter has noted it. */
export function failedHookError(test: MochaTest): unknown {
  for (const suite of suitesOf(test, undefined)) {
    const hook = [...(suite._beforeEach ?? []), ...(suite._afterEach ?? [])].find(({ state }) => state === 'failed');
    if (hook) return hook.err;
  }
  return undefined;
}

/** Adds text to an error that reporters have not printed yet. Answers false where that is impossible. */
export function attachToFailure(error: unknown, text: string): boolean {
  if (!(error instanceof Error) || Object.isFrozen(error)) return false;
  const { message, stack } = error;
  const longer = `${message}\n${text}`;
  try {
    error.message = longer;
    // Reporters print the stack, which begins with the message.
    if (stack) error.stack = stack.includes(message) ? stack.replace(message, () => longer) : `${stack}\n${text}`;
    return true;
  } catch {
    return false;
  }
}

function* suitesOf(test: MochaTest, outermost: MochaSuite | undefined): Generator<MochaSuite> {
  for (let suite = test.parent; suite; suite = suite.parent) {
    yield suite;
    if (suite === outermost) return;
  }
}
