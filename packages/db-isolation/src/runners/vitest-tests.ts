import type { RunnerTestCase, RunnerTestFile } from 'vitest';
import * as vitest from 'vitest';
import { leave } from '../core/at-exit.ts';
import type { ManagedLease } from '../core/lease.ts';
import type { IsolationError } from '../errors.ts';
import type { RunnerAccess } from '../runner-access.ts';
import { loadTypeScriptWith } from '../schemas/load-module.ts';
import { bindRequests } from './requests.ts';
import { TestLife } from './test-life.ts';
import { afterFile, isVmPool, whenWorkerEnds } from './vitest-internals.ts';
import { exitOnSignals, nameStrayErrors } from './vitest-process.ts';
import { errorsOf, failureOf, isSkipped, TestOutput } from './vitest-results.ts';
import { SharedDatabase } from './vitest-shared.ts';

/** One attempt at one test. */
interface Attempt<Db> {
  readonly lease: ManagedLease<Db>;
  /** How many errors earlier attempts have left in the list of the test. */
  readonly earlier: number;
}

const TESTS = new WeakMap<object, unknown>();

/** The databases of one isolation's tests in this worker. */
export class VitestTests<Db> {
  readonly #life: TestLife<Db>;
  readonly #access: RunnerAccess<Db>;
  readonly #output = new TestOutput();
  readonly #attempts = new WeakMap<RunnerTestCase, Attempt<Db>>();
  readonly #files = new WeakSet<RunnerTestFile>();
  readonly #shared = new Map<object, SharedDatabase<Db>>();

  private constructor(access: RunnerAccess<Db>) {
    this.#access = access;
    this.#life = new TestLife(access);
    bindRequests(access.context);
    loadTypeScriptWith((file) => vitest.vi.importActual(file)); // Vitest compiles it for tests, but not for what it imports itself
    nameStrayErrors(() => access.context.own());
    const letGo = exitOnSignals();
    whenWorkerEnds(async () => {
      await this.#leave();
      letGo();
    });
  }

  /** The same object for all uses of one isolation, so that nested ones see that a test has its database already. */
  static of<Db>(access: RunnerAccess<Db>): VitestTests<Db> {
    const tests = (TESTS.get(access) as VitestTests<Db> | undefined) ?? new VitestTests(access);
    TESTS.set(access, tests);
    return tests;
  }

  /**
   * Runs an attempt at a test with a database of its own.
   *
   * @throws {IsolationError} as {@link using}.
   */
  around(test: RunnerTestCase, run: () => Promise<void>): Promise<void> {
    return this.using(test, (lease) => this.#access.context.run(lease, run));
  }

  /** Runs an attempt at a test in the context of what its fixture has, if that is one of ours. */
  inContextOf(lease: object | undefined, test: RunnerTestCase, run: () => Promise<void>): Promise<void> {
    const database = lease && this.#shared.get(lease);
    if (database) return database.around(test, run);
    return lease !== undefined && lease === this.#attempts.get(test)?.lease ? this.around(test, run) : run();
  }

  /** One database for several tests. */
  share(name: string): SharedDatabase<Db> {
    const database = new SharedDatabase(this.#life, this.#access.context, name);
    this.#shared.set(database.lease, database);
    return database;
  }

  /**
   * Gives an attempt at a test a database of its own while `use` runs, or the one that it has already.
   *
   * @throws {IsolationError} why it got none; `DBI_LEAK` to fail the test that has passed until then.
   */
  async using(test: RunnerTestCase, use: (lease: ManagedLease<Db>) => Promise<void>): Promise<void> {
    const running = this.#attempts.get(test);
    if (running) return use(running.lease);
    this.#watch(test.file);
    this.#output.begin(test);
    const lease = this.#life.begin(test.fullTestName);
    const attempt = { lease, earlier: errorsOf(test).length };
    this.#attempts.set(test, attempt);
    await lease.ready;
    try {
      if (lease.error === undefined) await use(lease);
    } finally {
      this.#attempts.delete(test);
      await this.#end(test, attempt);
    }
  }

  /** @throws {IsolationError} why it got no database; `DBI_LEAK` to fail the test that has passed until now. */
  async #end(test: RunnerTestCase, { lease, earlier }: Attempt<Db>): Promise<void> {
    let found = lease.error;
    const fail = (error: IsolationError): void => {
      this.#output.failAllTheSame(test, earlier);
      found = error;
    };
    await this.#life.end(lease, {
      test,
      failure: found ?? failureOf(test, earlier),
      fail: isSkipped(test) ? undefined : fail, // one that was cut short leaves what it was working with
      attach: (text) => this.#output.attach(test, earlier, text),
    });
    if (found !== undefined) throw found;
  }

  /** Has it told at the end of the file what its tests did after their end. */
  #watch(file: RunnerTestFile): void {
    if (this.#files.has(file)) return;
    this.#files.add(file);
    afterFile(file, async () => {
      if (isVmPool()) return this.#leave();
      const error = await this.#life.settle();
      if (error) throw error;
    });
  }

  /** Gives everything back, and tells what has not been told. */
  async #leave(): Promise<void> {
    const ends = [...this.#shared.values()].map((database) => database.end());
    await Promise.allSettled(ends); // their fixtures tell what went wrong
    const error = await this.#life.settle();
    await leave();
    if (error) throw error;
  }
}
