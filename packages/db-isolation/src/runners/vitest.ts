import type { TestContext } from 'vitest';
import * as vitest from 'vitest'; // by name, older releases without aroundEach could not be loaded at all
import type { Lease } from '../core/lease.ts';
import { invalidOption } from '../errors.ts';
import type { Isolation } from '../isolation.ts';
import { accessOf } from '../runner-access.ts';
import { databaseOf, type TestDatabase } from './runner.ts';
import { assertUsable, beforeEachFile, currentFile, currentWorker } from './vitest-internals.ts';
import { VitestTests } from './vitest-tests.ts';

/** Who has a database in common. */
export type FixtureScope = 'test' | 'file' | 'worker';

export interface FixtureOptions {
  /**
   * `'test'` (default): each test has a database of its own. `'file'`, `'worker'`: all tests of a file, or of one of
   * Vitest's workers, have the same one and see what the others have written; so their order matters.
   */
  readonly scope?: FixtureScope;
}

/**
 * Fixtures for `test.extend`, by the types of what tests get: from the functions that they really are, TypeScript would
 * infer nothing.
 */
export interface IsolationFixtures<Db> {
  /** The running test's own client, such as a Knex instance. */
  readonly db: Db;
  /** The running test's own lease. */
  readonly lease: Lease<Db>;
}

/** How a fixture is written. */
type Fixture<T, Context> = (context: Context, use: (value: T) => Promise<void>) => Promise<void>;

/** The first test of a file waits for the template, and a release is bounded; both have time limits of their own. */
const NO_TIMEOUT = 0;

const SCOPES: readonly FixtureScope[] = ['test', 'file', 'worker'];

/**
 * Gives every test of the enclosing describe block, and of the blocks in it, a database of its own; outside of all
 * describe blocks every test of the file; in a file that `setupFiles` names every test of the whole suite. Also where
 * tests run at the same moment (`test.concurrent`).
 *
 * @throws {IsolationError} `DBI_NO_RUNNER` outside Vitest, in a test, and with Vitest before 4.1; `DBI_INVALID_OPTION`.
 * @example
 * describe('review', () => {
 *   const database = isolateEachTest(isolation);
 *   it('starts empty', async () => {
 *     expect(await database.db('invoice')).toEqual([]);
 *   });
 * });
 */
export function isolateEachTest<Db>(isolation: Isolation<Db>): TestDatabase<Db> {
  const access = accessOf(isolation);
  assertUsable('isolateEachTest');
  const tests = VitestTests.of(access);
  vitest.aroundEach((runTest, { task }) => tests.around(task, runTest), NO_TIMEOUT);
  return databaseOf(access);
}

/**
 * The fixtures `db` and `lease`. Every test that is made with them has a database, also one that names neither and
 * reaches it through a provider. Also right under `test.concurrent`.
 *
 * @throws {IsolationError} `DBI_NO_RUNNER` outside Vitest, in a test, and with Vitest before 4.1; `DBI_INVALID_OPTION`.
 * @example
 * export const test = base.extend(isolationFixtures(isolation));
 *
 * test.concurrent('starts empty', async ({ db, expect }) => {
 *   expect(await db('invoice')).toEqual([]);
 * });
 */
export function isolationFixtures<Db>(
  isolation: Isolation<Db>,
  { scope = 'test' }: FixtureOptions = {},
): IsolationFixtures<Db> {
  const access = accessOf(isolation);
  if (!SCOPES.includes(scope))
    throw invalidOption('scope', scope, `one of ${SCOPES.map((one) => `'${one}'`).join(', ')}`);
  assertUsable('isolationFixtures');
  const tests = VitestTests.of(access);

  const own: Fixture<Lease<Db>, TestContext> = ({ task }, use) => tests.using(task, use);
  // biome-ignore lint/correctness/noEmptyPattern: Vitest reads in it which fixtures this one needs.
  const common: typeof own = async ({}, use) => {
    const database = tests.share(scope === 'file' ? currentFile() : currentWorker());
    const { lease } = database;
    await lease.ready;
    if (lease.error === undefined) await use(lease);
    await database.end();
    if (lease.error !== undefined) throw lease.error;
  };

  // A fixture cannot do this itself: the async context that it enters is not that of the test.
  const enter = () =>
    vitest.aroundEach((runTest, { task, lease }: TestContext & { lease?: Lease<Db> }) => {
      return tests.inContextOf(lease, task, runTest);
    }, NO_TIMEOUT);
  enter();
  beforeEachFile(access, enter);

  const client: Fixture<Db, { lease: Lease<Db> }> = ({ lease }, use) => use(lease.db);
  const fixtures = {
    lease: [scope === 'test' ? own : common, { scope, auto: true }],
    db: [client, { scope }],
  };
  return fixtures as unknown as IsolationFixtures<Db>;
}
