import type { ManagedLease } from '../core/lease.ts';
import { IsolationError } from '../errors.ts';
import type { Isolation } from '../isolation.ts';
import { nextTurn } from '../real-time.ts';
import { accessOf, type RunnerAccess } from '../runner-access.ts';
import { atEndOfSandbox, type Sandbox, sandbox } from '../sandbox.ts';
import { exitOnSignals } from './exit-on-signals.ts';
import {
  attachToFailure,
  failureOf,
  isIn,
  type JestEvent,
  type JestState,
  type JestTest,
  titleOf,
  wrap,
} from './jest-internals.ts';
import { bindRequests } from './requests.ts';
import { databaseOf, type TestDatabase } from './runner.ts';
import { TestLife } from './test-life.ts';

/**
 * Gives every test of the enclosing describe block, and of the blocks in it, a database of its own; outside of all
 * describe blocks, every test of the file. Called in a file that `setupFilesAfterEnv` names, it does so for the whole
 * suite, whose tests use `isolation.current().db`. The isolation is closed at the end of each file.
 *
 * Needs `testEnvironment: '@acme/db-isolation/runners/jest-environment'`, since only an environment knows how a test ended.
 *
 * @throws {IsolationError} `DBI_NO_RUNNER` without that environment, outside Jest, and while tests run;
 * `DBI_INVALID_OPTION`.
 * @example
 * describe('review', () => {
 *   const database = isolateEachTest(isolation);
 *   test('starts empty', async () => {
 *     expect(await database.db('invoice')).toEqual([]);
 *   });
 * });
 */
export function isolateEachTest<Db>(isolation: Isolation<Db>): TestDatabase<Db> {
  const access = accessOf(isolation);
  const { sandbox, state } = preparedSandbox();
  const known = SUITES.get(access) as IsolatedSuites<Db> | undefined;
  const suites = known ?? new IsolatedSuites(access, sandbox);
  if (!known) {
    SUITES.set(access, suites);
    atEndOfSandbox(() => isolation.close().catch(() => undefined)); // the next run removes what it could not
  }
  suites.add(state.currentDescribeBlock);
  return databaseOf(access);
}

const SUITES = new WeakMap<object, unknown>();

/** The tests of one file that get databases of one isolation. */
class IsolatedSuites<Db> {
  readonly #access: RunnerAccess<Db>;
  readonly #life: TestLife<Db>;
  readonly #blocks = new Set<JestState['currentDescribeBlock']>();
  readonly #running = new Map<JestTest, ManagedLease<Db>>();
  readonly #failed = new Set<JestTest>();
  readonly #wrapped = new WeakSet<object>();
  /** The running one of those that run one after another. */
  #withHooks: JestTest | undefined;

  constructor(access: RunnerAccess<Db>, { listeners }: Sandbox) {
    this.#access = access;
    this.#life = new TestLife(access);
    exitOnSignals();
    bindRequests(access.context);
    listeners.add((event: JestEvent, state: JestState) => this.#hear(event, state));
  }

  add(block: JestState['currentDescribeBlock']): void {
    this.#blocks.add(block);
  }

  /** What Jest does next waits for this, without a time limit: opening and releasing have their own. */
  async #hear(event: JestEvent, state: JestState): Promise<void> {
    switch (event.name) {
      case 'test_started':
        if (isIn(this.#blocks, event.test)) await this.#begin(event.test);
        break;
      case 'hook_start':
        if (event.hook.type.endsWith('Each')) this.#wrap(event.hook, () => this.#withHooks);
        break;
      case 'test_fn_start':
        this.#wrap(event.test, () => event.test);
        break;
      case 'test_done':
        await this.#end(event.test);
        break;
      case 'test_retry':
        this.#life.retried(event.test);
        break;
      case 'describe_retry':
        for (const test of this.#failed) if (isIn(new Set([event.describeBlock]), test)) this.#life.retried(test);
        break;
      case 'run_finish': {
        const error = await this.#life.settle();
        if (error) state.unhandledErrors.push(error);
      }
    }
  }

  async #begin(test: JestTest): Promise<void> {
    const lease = this.#life.begin(titleOf(test));
    this.#running.set(test, lease);
    if (!test.concurrent) this.#withHooks = test;
    await lease.ready;
    if (lease.error !== undefined) test.errors.push(lease.error); // then Jest does not run the body
  }

  /** Has a function run in the context of the test for which it runs, each time. */
  #wrap(runnable: Parameters<typeof wrap>[0], testOf: () => JestTest | undefined): void {
    if (this.#wrapped.has(runnable)) return;
    this.#wrapped.add(runnable);
    wrap(runnable, (call, skip) => {
      const test = testOf();
      const lease = test && this.#running.get(test);
      if (!lease) return call();
      // For want of a database a hook would fail as well, which says nothing new.
      return lease.error === undefined ? this.#access.context.run(lease, call) : skip();
    });
  }

  async #end(test: JestTest): Promise<void> {
    const lease = this.#running.get(test);
    if (!lease) return;
    this.#running.delete(test);
    if (!test.concurrent) this.#withHooks = undefined;
    await nextTurn(); // a rejection that nobody handles is told only now
    const failure = failureOf(test);
    if (failure !== undefined) this.#failed.add(test);
    await this.#life.end(lease, {
      test,
      failure,
      fail: (error) => void test.errors.push(error),
      attach: (text) => attachToFailure(test, text),
    });
  }
}

function preparedSandbox(): { readonly sandbox: Sandbox; readonly state: JestState } {
  const state = sandbox?.state() as JestState | undefined;
  if (!sandbox || !state) {
    throw new IsolationError(
      'DBI_NO_RUNNER',
      'isolateEachTest() of runners/jest does not find its environment, which tells how tests end. Set ' +
        "testEnvironment: '@acme/db-isolation/runners/jest-environment' in Jest's configuration; a file with " +
        '@jest-environment in its first comment has that one instead. Call it in a test file, or in a file that ' +
        'setupFilesAfterEnv names, not one of setupFiles or globalSetup.',
    );
  }
  if (!state.hasStarted) return { sandbox, state };
  throw new IsolationError(
    'DBI_NO_RUNNER',
    'isolateEachTest() was called while tests were running. Call it where tests are defined: in the body of describe(), ' +
      'or outside of all functions of the file.',
  );
}
