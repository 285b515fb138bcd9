import { AsyncResource } from 'node:async_hooks';
import { after, beforeEach } from 'node:test';
import { inspect } from 'node:util';
import { IsolationError, isErrorLike } from '../errors.ts';
import { withoutOwnFrames } from '../place.ts';

// The parts of node:test that the adapter touches beyond what is documented. Where they are missing, it says so.

/** What every function of a test gets as its first argument, `t`: a `TestContext`. */
export interface NodeTest {
  readonly name: string;
  /** With those of the suites around it, separated by ` > `. */
  readonly fullName?: string;
  /** What it has failed with, in an error of Node's own that has it as its cause. */
  readonly error?: unknown;
  after(hook: () => unknown, options: { readonly timeout: number }): void;
}

/** Hooks that wait for a database have a time limit of their own. */
const NO_LIMIT = { timeout: Number.POSITIVE_INFINITY };

/** Calls a function in the context of a test's database. */
type Around = (call: () => unknown) => unknown;

/** Answers the context that a function of this test has to be called in, if it has to be called in any. */
type Binder = (test: NodeTest) => Around | undefined;

const binders = new Set<Binder>();
const called = new WeakSet<object>();

/**
 * Has all functions of tests called in contexts of their own: bodies, hooks, and what `t.after` was given. A context that
 * a hook enters does not reach the body, since Node calls each of them in a context from before. It does so by
 * `AsyncResource.runInAsyncScope`, with `t` as `this`, and there this function puts itself in between. Lasts as long as
 * the process.
 */
export function bindTests(binder: Binder): void {
  if (binders.size === 0) watchCalls();
  binders.add(binder);
}

/** Whether calls of this test's functions go through {@link bindTests}. Only true while one of them runs, or later. */
export function isBound(test: object): boolean {
  return called.has(test);
}

function watchCalls(): void {
  const { runInAsyncScope } = AsyncResource.prototype;
  const bound = function (this: AsyncResource, fn: () => unknown, thisArg: unknown, ...args: unknown[]): unknown {
    if (!isTest(thisArg)) return Reflect.apply(runInAsyncScope, this, [fn, thisArg, ...args]);
    called.add(thisArg);
    // Asked here, where the caller's context still is that of the test in whose body a subtest was started.
    const contexts = [...binders].map((binder) => binder(thisArg)).filter((around) => around !== undefined);
    const inContexts = (...values: unknown[]) => {
      let call = () => Reflect.apply(fn, thisArg, values);
      for (const around of contexts) {
        const inner = call;
        call = () => around(inner);
      }
      return call();
    };
    return Reflect.apply(runInAsyncScope, this, [inContexts, thisArg, ...args]);
  };
  Reflect.defineProperty(AsyncResource.prototype, 'runInAsyncScope', {
    ...Object.getOwnPropertyDescriptor(AsyncResource.prototype, 'runInAsyncScope'),
    value: bound,
  });
}

/** By its prototype: asking an app's object for a property may do something. */
function isTest(value: unknown): value is NodeTest {
  if (typeof value !== 'object' || value === null) return false;
  return Object.getPrototypeOf(value)?.constructor?.name === 'TestContext';
}

/**
 * Has something done after a test and all its hooks, `afterEach` and `t.after` included. When one of those given to
 * `t.after` fails, Node calls none of the others, and this is not done.
 */
export function afterAllHooks(test: NodeTest, end: () => Promise<void>): void {
  test.after(() => test.after(end, NO_LIMIT), NO_LIMIT); // Node calls them in the order in which they were registered
}

/** What a test has failed with so far; undefined while it has not. */
export function failureOf({ error }: NodeTest): unknown {
  return isErrorLike(error) ? (error.cause ?? error) : undefined;
}

/**
 * Adds text to what reporters print of a failed test, which they have not done yet: the cause of Node's own error.
 * Answers false where it cannot.
 */
export function attachToFailure(test: NodeTest, text: string): boolean {
  if (text === '') return true;
  const { error } = test as { error?: { message: string; cause?: unknown } };
  if (!error || !isErrorLike(error)) return false;
  try {
    error.cause = withText(error.cause ?? error.message, text);
    error.message = `${error.message}\n${text}`; // TAP prints this one of a test that timed out
    return true;
  } catch {
    return false;
  }
}

/**
 * An error like this one whose message goes on with a text. A new one, since several tests may throw the same, and it
 * may be frozen; of whatever else was thrown, and of what Node says itself, one that has it as its message.
 */
function withText(thrown: unknown, text: string): Error {
  if (!isErrorLike(thrown)) {
    const error = new Error(`${typeof thrown === 'string' ? thrown : inspect(thrown)}\n${text}`);
    error.stack = `${error.name}: ${error.message}`; // it was not thrown here
    return error;
  }
  const { message, stack, ...properties } = Object.getOwnPropertyDescriptors(thrown);
  const longer = thrown.message ? `${thrown.message}\n${text}` : text;
  // Made by its constructor, or else Node would not pass it on to the process that prints it.
  const error = Object.defineProperties(new Error(longer), properties);
  Object.setPrototypeOf(error, Object.getPrototypeOf(thrown));
  const printed = withoutOwnFrames(thrown.stack ?? '');
  const found = thrown.message !== '' && printed.includes(thrown.message);
  error.stack = found ? printed.replace(thrown.message, () => longer) : `${printed}\n${text}`;
  return error;
}

/** @throws {IsolationError} `DBI_NO_RUNNER` where another runner runs the tests. */
export function assertNodeTest(name: string): void {
  const globals = globalThis as { readonly [name: string]: unknown };
  const others = [globals['beforeEach'], globals['setup']].filter((hook) => typeof hook === 'function');
  if (!('__vitest_worker__' in globals) && others.every((hook) => hook === beforeEach)) return;
  throw new IsolationError(
    'DBI_NO_RUNNER',
    `${name} of runners/node-test was called, but it is not node:test that runs this file. Import it from runners/mocha, ` +
      'runners/jest or runners/vitest instead, or run the file with node --test.',
  );
}

/** @throws {IsolationError} `DBI_NO_RUNNER` when a wrapped test function gets something else than the `t` of node:test. */
export function assertTest(t: unknown): asserts t is NodeTest {
  if (typeof (t as Partial<NodeTest> | undefined)?.after === 'function') return;
  throw new IsolationError(
    'DBI_NO_RUNNER',
    'A test function made by isolated() was called without the "t" of node:test. Hand it to test() or it() of node:test, ' +
      "or pass t on: it('…', (t) => isolated(isolation, work)(t)).",
  );
}

/** What {@link bindTests} cannot do, so that nobody could tell one test's late work from the next test. */
export function notBound(): IsolationError {
  return new IsolationError(
    'DBI_NO_RUNNER',
    `isolateEachTest() cannot tell which test is running: node:test of Node ${process.versions.node} does not call tests ` +
      'as it expects, or AsyncResource was frozen or replaced before. Wrap the test functions instead: ' +
      "it('…', isolated(isolation, async (t, { db }) => { … })).",
  );
}

/** Hooks of the block, or of the file, that is being defined. */
export function registerHooks(hooks: { beforeEach(test: NodeTest): unknown; after(): unknown }): void {
  beforeEach((test) => hooks.beforeEach(test as unknown as NodeTest), NO_LIMIT);
  after(() => hooks.after(), NO_LIMIT);
}
