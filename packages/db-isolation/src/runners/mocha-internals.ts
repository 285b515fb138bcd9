// The parts of Mocha 11 and 12 that the adapter touches. Those that start with an underscore, and `callback`, are not
// documented; where they are missing, the adapter goes without.

type Callback = (error?: unknown) => void;
type Body = (this: unknown, done?: Callback) => unknown;

interface Runnable {
  fn?: Body;
  state?: 'passed' | 'failed' | 'pending';
  err?: unknown;
  /** Ends the run of this hook or test. */
  callback?: Callback;
  readonly parent?: MochaSuite;
}

/** A hook, as `this.test` of its own context. */
export interface MochaHook extends Runnable {
  /** Makes the test fail that the hook runs for, without failing the hook. */
  error?(error: unknown): void;
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
  afterAll(title: string, hook: (this: MochaContext) => unknown): unknown;
  _beforeEach?: Runnable[];
  _afterEach?: Runnable[];
}

/** `this` in hooks. */
export interface MochaContext {
  readonly currentTest?: MochaTest;
  /** The hook itself. */
  readonly test?: MochaHook;
  timeout(milliseconds: number): unknown;
}

/**
 * Whether this attempt failed, in whatever way: a failed one that Mocha will retry has no state at all, and one that is
 * followed by a failing hook has passed.
 */
export function hasFailed(test: MochaTest): boolean {
  return !test.isPending() && (test.state !== 'passed' || failedHook(test) !== undefined);
}

/** What a failed attempt failed with. Mocha does not say it of one that will be retried. */
export function failureOf(test: MochaTest): unknown {
  return test.err ?? failedHook(test)?.err ?? new Error('this attempt failed and is retried');
}

/** The same object for all attempts at one test. */
export function firstAttempt(test: MochaTest): MochaTest {
  return test.retriedTest?.() ?? test;
}

/** Makes functions known as this adapter's own hooks, which the functions below leave alone. */
export function markAsOurs(...hooks: readonly object[]): void {
  for (const hook of hooks) OURS.add(hook);
}

/** What happens in place of a function that Mocha calls: `call` runs it, `skip` ends it without. */
type Around = (call: () => unknown, skip: () => unknown) => unknown;

/**
 * Puts itself between Mocha and the test's body, and between Mocha and all other hooks around the test up to those of
 * `outermost`. Answers what undoes it.
 */
export function wrapTest(
  test: MochaTest,
  outermost: MochaSuite | undefined,
  around: { readonly body: Around; readonly hook: Around },
): () => void {
  const hooks = hooksOf(test, outermost).filter(({ fn }) => fn && !OURS.has(fn));
  wrap(test, test, around.body);
  for (const hook of hooks) wrap(hook, test, around.hook);
  return () => {
    for (const runnable of [test, ...hooks]) unwrap(runnable);
  };
}

/** Moves our hook behind those that were registered later, so that they still have the database. */
export function runHookLast(suite: MochaSuite | undefined, fn: unknown): void {
  const hooks = suite?._afterEach;
  const ours = hooks?.find((hook) => hook.fn === fn);
  if (!hooks || !ours) return;
  hooks.splice(hooks.indexOf(ours), 1);
  hooks.push(ours);
}

/** Registers a hook that runs after the last test of the whole run; in parallel runs, after the last one of each file. */
export function afterLastTest(test: MochaTest, hook: (this: MochaContext) => unknown): void {
  let suite = test.parent;
  while (suite?.parent) suite = suite.parent;
  if (!suite || LAST.get(suite)?.has(hook)) return;
  LAST.set(suite, (LAST.get(suite) ?? new Set()).add(hook));
  suite.afterAll('the end of the test databases', hook);
}

/**
 * While one of our hooks waits, a timer of an earlier test may throw. Mocha would fail the hook for it, and a root hook
 * that fails ends the whole run; so the error goes to `report` instead.
 */
export function catchStrayErrors(hook: MochaHook | undefined, report: (error: unknown) => void): void {
  if (hook?.callback) hook.callback = report;
}

/** Adds text to the error of a failed attempt, which reporters have not printed yet. Answers false where it cannot. */
export function attachToFailure(test: MochaTest, text: string): boolean {
  if (text === '') return true;
  const error = test.err ?? failedHook(test)?.err;
  if (!(error instanceof Error) || Object.isFrozen(error)) return false;
  // An error that several tests throw is printed as often with the same text, so it can speak for one of them only.
  const owner = ATTACHED.get(error);
  if (owner !== undefined && owner !== test) return false;
  const { message, stack } = error;
  const longer = message ? `${message}\n${text}` : text;
  try {
    error.message = longer;
    // Reporters print the stack, which begins with the message.
    if (stack)
      error.stack = message && stack.includes(message) ? stack.replace(message, () => longer) : `${stack}\n${text}`;
    ATTACHED.set(error, test);
    return true;
  } catch {
    return false;
  }
}

const OURS = new WeakSet<object>();
/** Which hooks each root suite has got by {@link afterLastTest}. */
const LAST = new WeakMap<MochaSuite, Set<unknown>>();
const ATTACHED = new WeakMap<Error, MochaTest>();
const WRAPPERS = new WeakMap<Body, { readonly owner: MochaTest; readonly original: Body }>();

/**
 * A retried test starts with the wrapped body of the attempt before it, whose database has gone: that wrapper is
 * replaced. One of the same attempt belongs to another isolation: the new one goes around it.
 */
function wrap(runnable: Runnable, owner: MochaTest, around: Around): void {
  const { fn } = runnable;
  if (!fn) return;
  const known = WRAPPERS.get(fn);
  const inner = known && known.owner !== owner ? known.original : fn;
  const start: Body = function (done) {
    return around(
      () => (done ? inner.call(this, done) : inner.call(this)),
      () => done?.(),
    );
  };
  // Mocha tells by the number of parameters whether a function takes a callback.
  const wrapper: Body =
    inner.length > 0
      ? start
      : function () {
          return start.call(this);
        };
  WRAPPERS.set(wrapper, { owner, original: known?.original ?? fn });
  runnable.fn = wrapper;
}

function unwrap(runnable: Runnable): void {
  const known = runnable.fn && WRAPPERS.get(runnable.fn);
  if (known) runnable.fn = known.original;
}

function failedHook(test: MochaTest): Runnable | undefined {
  return hooksOf(test, undefined).find(({ state }) => state === 'failed');
}

/** The hooks around a test, from the inside out. */
function hooksOf(test: MochaTest, outermost: MochaSuite | undefined): readonly Runnable[] {
  const hooks: Runnable[] = [];
  for (let suite = test.parent; suite; suite = suite.parent) {
    hooks.push(...(suite._beforeEach ?? []), ...(suite._afterEach ?? []));
    if (suite === outermost) break;
  }
  return hooks;
}
