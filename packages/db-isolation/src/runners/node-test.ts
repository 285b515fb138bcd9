import type { TestContext } from 'node:test';
import type { Lease, ManagedLease } from '../core/lease.ts';
import type { IsolationError } from '../errors.ts';
import type { Isolation } from '../isolation.ts';
import { nextTurn } from '../real-time.ts';
import { accessOf, type RunnerAccess } from '../runner-access.ts';
import { exitOnSignals } from './exit-on-signals.ts';
import {
  afterAllHooks,
  assertNodeTest,
  assertTest,
  attachToFailure,
  bindTests,
  failureOf,
  isBound,
  type NodeTest,
  notBound,
  registerHooks,
} from './node-test-internals.ts';
import { bindRequests } from './requests.ts';
import { databaseOf, type TestDatabase } from './runner.ts';
import { watchStrayErrors } from './stray-errors.ts';
import { TestLife } from './test-life.ts';

/**
 * Gives every test of the enclosing describe block, and of the blocks in it, a database of its own; outside of all
 * describe blocks, every test of the file. Subtests share the database of their test.
 *
 * @throws {IsolationError} `DBI_NO_RUNNER` under another runner; `DBI_INVALID_OPTION`.
 * @example
 * describe('review', () => {
 *   const database = isolateEachTest(isolation);
 *   it('starts empty', async () => {
 *     assert.deepEqual(await database.db('invoice'), []);
 *   });
 * });
 */
export function isolateEachTest<Db>(isolation: Isolation<Db>): TestDatabase<Db> {
  const access = accessOf(isolation);
  assertNodeTest('isolateEachTest()');
  const tests = testsOf(access);
  const block = new Set<NodeTest>();
  registerHooks({
    async beforeEach(test) {
      if (!isBound(test)) throw notBound();
      block.add(test);
      await tests.begin(test);
    },
    after: () => tests.endBlock(block),
  });
  return databaseOf(access);
}

/**
 * Wraps a test function, which then has a database of its own while it runs; for tests that run at the same time, and
 * where a file needs a database for single tests only. In an isolated block, and in a subtest of a test that has one, it
 * is the database that the test has already.
 *
 * @throws {IsolationError} `DBI_NO_RUNNER` under another runner; `DBI_INVALID_OPTION`.
 * @example
 * describe('reviews', { concurrency: true }, () => {
 *   it('starts empty', isolated(isolation, async (t, { db }) => {
 *     assert.deepEqual(await db('invoice'), []);
 *   }));
 * });
 */
export function isolated<Db>(
  isolation: Isolation<Db>,
  test: (t: TestContext, database: { readonly db: Db; readonly lease: Lease<Db> }) => unknown,
): (t: TestContext) => Promise<void> {
  const access = accessOf(isolation);
  assertNodeTest('isolated()');
  const tests = testsOf(access);
  return async (t) => {
    assertTest(t);
    const lease = await tests.begin(t);
    await access.context.run(lease, () => test(t, { db: lease.db, lease }));
  };
}

const TESTS = new WeakMap<object, NodeTests<never>>();

/** The same for all uses of one isolation, so that nested uses see that a test has its database already. */
function testsOf<Db>(access: RunnerAccess<Db>): NodeTests<Db> {
  const tests = (TESTS.get(access) as NodeTests<Db> | undefined) ?? new NodeTests(access);
  TESTS.set(access, tests as NodeTests<never>);
  return tests;
}

/** The tests of one isolation in this process. Any number of them may be running. */
class NodeTests<Db> {
  readonly #access: RunnerAccess<Db>;
  readonly #life: TestLife<Db>;
  /** By `t`; also of subtests, which share it. */
  readonly #leases = new WeakMap<object, ManagedLease<Db>>();
  readonly #running = new Map<NodeTest, ManagedLease<Db>>();
  /** What a subtest has failed with, by the database that it shared: Node fails the test itself only after its hooks. */
  readonly #failedSubtests = new WeakMap<ManagedLease<Db>, unknown>();
  readonly #own = () => this.#access.context.own();

  constructor(access: RunnerAccess<Db>) {
    this.#access = access;
    this.#life = new TestLife(access);
    exitOnSignals();
    bindRequests(access.context);
    bindTests((test) => {
      const lease = this.#leaseOf(test);
      return lease && ((call) => access.context.run(lease, call));
    });
  }

  /** The test's database, when it is open. @throws whatever it could not be opened for. */
  async begin(test: NodeTest): Promise<ManagedLease<Db>> {
    const lease = this.#leaseOf(test) ?? this.#open(test);
    await lease.ready;
    if (lease.error !== undefined) throw lease.error;
    return lease;
  }

  /** Ends what a test of a block that is over has left, for its own hooks failed before its database's turn came. */
  async endBlock(tests: Set<NodeTest>): Promise<void> {
    for (const test of tests) await this.#end(test, { isReported: true });
    const error = this.#life.late();
    if (error) throw error;
  }

  #open(test: NodeTest): ManagedLease<Db> {
    watchStrayErrors(this.#own);
    const lease = this.#life.begin(test.fullName ?? test.name);
    this.#leases.set(test, lease);
    this.#running.set(test, lease);
    afterAllHooks(test, () => this.#end(test, { isReported: false }));
    return lease;
  }

  /** The test's own one; in a subtest, which begins in the context of the test around it, that one's. */
  #leaseOf(test: NodeTest): ManagedLease<Db> | undefined {
    const known = this.#leases.get(test);
    if (known) return known;
    const outer = this.#own();
    if (!outer || outer.ended) return undefined;
    this.#leases.set(test, outer);
    afterAllHooks(test, async () => {
      const failure = failureOf(test);
      if (failure !== undefined) this.#failedSubtests.set(outer, failure);
    });
    return outer;
  }

  /** @throws {IsolationError} `DBI_LEAK`, which makes a test fail that has passed until now. */
  async #end(test: NodeTest, { isReported }: { readonly isReported: boolean }): Promise<void> {
    const lease = this.#running.get(test);
    if (!lease) return;
    this.#running.delete(test);
    let found: IsolationError | undefined;
    const fail = (error: IsolationError) => {
      found = error;
    };
    await nextTurn(); // Node fails the test for a rejection that nobody handles, and is told of it only now
    await this.#life.end(lease, {
      test,
      failure: failureOf(test) ?? this.#failedSubtests.get(lease),
      fail: isReported ? undefined : fail,
      attach: (text) => !isReported && attachToFailure(test, text),
    });
    if (found) throw found;
  }
}
