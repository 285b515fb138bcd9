import type { ManagedLease } from '../core/lease.ts';
import { rootHooks } from '../core/root-hooks.ts';
import { noRunner } from '../errors.ts';
import type { Isolation } from '../isolation.ts';
import { accessOf, type RunnerAccess } from '../runner-access.ts';
import { exitOnSignals } from './exit-on-signals.ts';
import {
  afterLastTest,
  attachToFailure,
  catchStrayErrors,
  failureOf,
  firstAttempt,
  hasFailed,
  type MochaContext,
  type MochaSuite,
  type MochaTest,
  markAsOurs,
  runHookLast,
  wrapTest,
} from './mocha-internals.ts';
import { bindRequests } from './requests.ts';
import { databaseOf, type TestDatabase } from './runner.ts';
import { watchStrayErrors } from './stray-errors.ts';
import { TestLife } from './test-life.ts';

/** Root hooks as Mocha expects them under the name `mochaHooks`: a `Mocha.RootHookObject`. */
export interface IsolationHooks {
  beforeAll(): void;
  beforeEach(this: object): Promise<void> | undefined;
  afterEach(this: object): Promise<void> | undefined;
  afterAll(this: object): Promise<void> | undefined;
}

/**
 * Gives every test of the enclosing describe block, and of the blocks in it, a database of its own. Outside of all
 * describe blocks it does so for every test of the process, in whatever file, as Mocha's hooks do.
 *
 * @throws {IsolationError} `DBI_NO_RUNNER` outside Mocha; `DBI_INVALID_OPTION`.
 * @example
 * describe('review', () => {
 *   const database = isolateEachTest(isolation);
 *   it('starts empty', async () => {
 *     expect(await database.db('invoice')).to.be.empty;
 *   });
 * });
 */
export function isolateEachTest<Db>(isolation: Isolation<Db>): TestDatabase<Db> {
  const access = accessOf(isolation);
  const register = registration();
  const hooks = hooksOf(access);
  register.beforeEach(hooks.beforeEach);
  register.afterEach(hooks.afterEach);
  register.afterAll(hooks.afterAll);
  return databaseOf(access);
}

/**
 * Gives every test of the whole suite a database of its own, serial and parallel. For a file that Mocha loads with
 * `--require` (not with `--import`, which ignores hooks).
 *
 * @throws {IsolationError} `DBI_INVALID_OPTION`.
 * @example
 * // test/support/hooks.ts, named in .mocharc.json: { "require": ["./test/support/hooks.ts"] }
 * export const mochaHooks = isolationHooks(isolation);
 */
export function isolationHooks<Db>(isolation: Isolation<Db>): IsolationHooks {
  const hooks = hooksOf(accessOf(isolation));
  rootHooks().made = true;
  return {
    ...hooks,
    beforeAll() {
      rootHooks().ran = true;
    },
  };
}

/** One attempt at one test, from its first hook to its last. */
interface Attempt<Db> {
  readonly test: MochaTest;
  readonly lease: ManagedLease<Db>;
  /** The suite whose hooks began it: where isolated suites are nested, the outer one ends it. */
  readonly suite: MochaSuite | undefined;
  readonly unwrap: () => void;
}

type Fail = (error: Error) => void;

type Hooks = Omit<IsolationHooks, 'beforeAll'>;

const HOOKS = new WeakMap<object, Hooks>();

/** The same hooks for all uses of one isolation, so that nested uses see that a test has its database already. */
function hooksOf<Db>(access: RunnerAccess<Db>): Hooks {
  const hooks = HOOKS.get(access) ?? createHooks(access);
  HOOKS.set(access, hooks);
  return hooks;
}

/**
 * These hooks never fail: a root hook that does ends the whole run. What goes wrong in them fails the test that they run
 * for.
 */
function createHooks<Db>(access: RunnerAccess<Db>): Hooks {
  const life = new TestLife(access);
  const ownLease = () => access.context.own();
  let current: Attempt<Db> | undefined;
  exitOnSignals();
  bindRequests(access.context);

  function beforeEach(this: MochaContext): Promise<void> | undefined {
    this.timeout(0); // the first test waits for the template, which has a time limit of its own
    const test = this.currentTest;
    if (!test || current?.test === test) return undefined;
    const suite = this.test?.parent;
    const leftover = current;
    watchStrayErrors(ownLease);
    const lease = life.begin(test.fullTitle());
    let stray: { readonly error: unknown } | undefined;
    catchStrayErrors(this.test, (error) => {
      stray ??= { error };
    });
    const unwrap = wrapTest(test, suite, {
      body(call) {
        if (lease.error !== undefined) throw lease.error;
        if (stray) throw stray.error;
        return access.context.run(lease, call);
      },
      // For want of a database one of them would fail first, and Mocha would skip the rest of the suite instead of
      // failing each test by name.
      hook: (call, skip) => (lease.error === undefined ? access.context.run(lease, call) : skip()),
    });
    runHookLast(suite, afterEach);
    afterLastTest(test, settle);
    current = { test, lease, suite, unwrap };
    return leftover ? end(leftover, true).then(() => lease.ready) : lease.ready;
  }

  function afterEach(this: MochaContext): Promise<void> | undefined {
    this.timeout(0); // a release has a time limit of its own
    const attempt = current;
    if (!attempt || attempt.suite !== this.test?.parent) return undefined;
    current = undefined;
    catchStrayErrors(this.test, (error) => this.test?.error?.(error));
    access.context.enter(undefined); // or else Mocha would go on in the context of whatever ended the test
    return end(attempt, hasFailed(attempt.test), (error) => this.test?.error?.(error));
  }

  /** A hook that fails takes those after it along, ours too. Its test's database is then ended here. */
  function afterAll(this: MochaContext): Promise<void> | undefined {
    this.timeout(0);
    const leftover = current;
    current = undefined;
    access.context.enter(undefined);
    return leftover && end(leftover, true);
  }

  async function settle(this: MochaContext): Promise<void> {
    this.timeout(0); // dropping has a time limit of its own
    const error = await life.settle();
    if (error) throw error;
  }

  /** @param fail makes a test fail that has passed so far. */
  async function end({ test, lease, unwrap }: Attempt<Db>, failed: boolean, fail?: Fail): Promise<void> {
    unwrap();
    await life.end(lease, {
      test: firstAttempt(test),
      failure: failed ? failureOf(test) : undefined,
      fail,
      attach: (text) => attachToFailure(test, text),
    });
  }

  markAsOurs(beforeEach, afterEach);
  return { beforeEach, afterEach, afterAll };
}

interface Registration {
  beforeEach(hook: (this: MochaContext) => unknown): void;
  afterEach(hook: (this: MochaContext) => unknown): void;
  afterAll(hook: (this: MochaContext) => unknown): void;
}

/** Mocha's functions for registering hooks, in its `bdd` or its `tdd` interface. */
function registration(): Registration {
  const { beforeEach, afterEach, after, setup, teardown, suiteTeardown } = globalThis as Record<string, unknown>;
  if (beforeEach && afterEach && after) return { beforeEach, afterEach, afterAll: after } as Registration;
  if (setup && teardown && suiteTeardown) {
    return { beforeEach: setup, afterEach: teardown, afterAll: suiteTeardown } as Registration;
  }
  throw noRunner();
}
