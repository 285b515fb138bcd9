import type { Lease, ManagedLease } from '../core/lease.ts';
import type { Kept } from '../engines/engine.ts';
import { noLease, noRunner } from '../errors.ts';
import type { Isolation, RunnerAccess } from '../isolation.ts';
import { exitOnSignals } from './exit-on-signals.ts';
import {
  attachToFailure,
  failedHookError,
  firstAttempt,
  hasFailed,
  type MochaContext,
  type MochaSuite,
  type MochaTest,
  runHookLast,
  silenceHooks,
  wrapBody,
} from './mocha-internals.ts';
import { accessOf, describeKept, endLease, KeptList, type TestDatabase } from './runner.ts';

/** Root hooks as Mocha expects them under the name `mochaHooks`. */
export interface IsolationHooks {
  beforeAll(): void;
  beforeEach(this: MochaContext): Promise<void> | undefined;
  afterEach(this: MochaContext): Promise<void> | undefined;
  afterAll(): Promise<void>;
}

/**
 * Gives every test of the enclosing describe block, and of the blocks in it, a database of its own.
 *
 * @throws {IsolationError} `DBI_NO_RUNNER` outside Mocha.
 * @example
 * describe('review', () => {
 *   const database = isolateEachTest(isolation);
 *   it('starts empty', async () => {
 *     expect(await database.db('invoice')).to.be.empty;
 *   });
 * });
 */
export function isolateEachTest<Db>(isolation: Isolation<Db>): TestDatabase<Db> {
  const register = registration();
  const hooks = hooksOf(accessOf(isolation));
  register.beforeEach(hooks.beforeEach);
  register.afterEach(hooks.afterEach);
  register.afterAll(hooks.afterAll);
  const lease = (): Lease<Db> => {
    const found = accessOf(isolation).find();
    if (!found) throw noLease();
    return found;
  };
  return {
    get db() {
      return lease().db;
    },
    get lease() {
      return lease();
    },
  };
}

/**
 * Gives every test of the whole suite a database of its own, serial and parallel. For a file that Mocha loads with
 * `--require` (not with `--import`, which ignores hooks).
 *
 * @example
 * // test/support/hooks.ts, named in .mocharc.json: { "require": ["./test/support/hooks.ts"] }
 * export const mochaHooks = isolationHooks(isolation);
 */
export function isolationHooks<Db>(isolation: Isolation<Db>): IsolationHooks {
  const access = accessOf(isolation);
  access.hooks = 'made';
  return {
    ...hooksOf(access),
    beforeAll() {
      access.hooks = 'ran';
    },
  };
}

/** One attempt at one test, from its first hook to its last. */
interface Attempt<Db> {
  readonly test: MochaTest;
  readonly lease: ManagedLease<Db>;
  /** The suite whose hooks began it: where isolated suites are nested, the outer one ends it. */
  readonly suite: MochaSuite | undefined;
  readonly restoreHooks: () => void;
}

type Hooks = Omit<IsolationHooks, 'beforeAll'>;

const HOOKS = new WeakMap<object, Hooks>();

/** The same hooks for all uses of one isolation, so that nested uses see that a test has its database already. */
function hooksOf<Db>(access: RunnerAccess<Db>): Hooks {
  const hooks = HOOKS.get(access) ?? createHooks(access);
  HOOKS.set(access, hooks);
  return hooks;
}

/**
 * These hooks never throw: an error in a root hook would end the whole run. An error of `acquire` is thrown inside the
 * body of the test that it belongs to.
 */
function createHooks<Db>(access: RunnerAccess<Db>): Hooks {
  const keptOf = new WeakMap<MochaTest, Kept>();
  const unnamed = new KeptList();
  let current: Attempt<Db> | undefined;
  exitOnSignals();

  function beforeEach(this: MochaContext): Promise<void> | undefined {
    this.timeout(0); // the first test waits for the template, which has a time limit of its own
    const test = this.currentTest;
    if (!test || current?.test === test) return undefined;
    const suite = this.test?.parent;
    const leftover = current;
    const lease = access.open(test.fullTitle());
    access.context.enter(lease); // before the first await, or else neither the body nor other hooks would see it
    wrapBody(test, lease, (body) => access.context.run(lease, body));
    runHookLast(suite, afterEach);
    return begin({ test, lease, suite, restoreHooks: () => undefined }, leftover);
  }

  async function begin(attempt: Attempt<Db>, leftover: Attempt<Db> | undefined): Promise<void> {
    current = attempt;
    if (leftover) await end(leftover, true);
    const { test, lease, suite } = attempt;
    await lease.ready;
    if (lease.error === undefined) return;
    current = { ...attempt, restoreHooks: silenceHooks(test, suite, [beforeEach, afterEach]) };
  }

  function afterEach(this: MochaContext): Promise<void> | undefined {
    this.timeout(0);
    const attempt = current;
    if (!attempt || attempt.suite !== this.test?.parent) return undefined;
    current = undefined;
    access.context.enter(undefined);
    return end(attempt, hasFailed(attempt.test));
  }

  /** A hook that fails takes those after it along, ours too. Its test's database is then ended here. */
  async function afterAll(): Promise<void> {
    const leftover = current;
    current = undefined;
    if (leftover) await end(leftover, true);
  }

  async function end({ test, lease, restoreHooks }: Attempt<Db>, failed: boolean): Promise<void> {
    restoreHooks();
    const report = await endLease(lease, failed);
    if (!report?.kept) return;
    await forgetEarlierAttempt(test, report.kept);
    const error = failed ? (test.err ?? failedHookError(test)) : undefined;
    if (!attachToFailure(error, describeKept(report.kept))) unnamed.add(report.kept);
  }

  /** Of a retried test only the last failed attempt is worth a look. */
  async function forgetEarlierAttempt(test: MochaTest, kept: Kept): Promise<void> {
    const earlier = keptOf.get(firstAttempt(test));
    keptOf.set(firstAttempt(test), kept);
    if (!earlier) return;
    unnamed.remove(earlier);
    await earlier.discard();
  }

  return { beforeEach, afterEach, afterAll };
}

interface Registration {
  beforeEach(hook: (this: MochaContext) => unknown): void;
  afterEach(hook: (this: MochaContext) => unknown): void;
  afterAll(hook: () => unknown): void;
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
