import type { RunnerTestCase } from 'vitest';
import type { LeaseContext } from '../core/context.ts';
import type { ManagedLease } from '../core/lease.ts';
import { warn } from './runner.ts';
import type { TestLife } from './test-life.ts';
import { errorsOf, failureOf, TestOutput } from './vitest-results.ts';

/** One database for all tests of a file or of a worker. */
export class SharedDatabase<Db> {
  readonly lease: ManagedLease<Db>;
  readonly #life: TestLife<Db>;
  readonly #context: LeaseContext<ManagedLease<Db>>;
  readonly #output = new TestOutput();
  #failed = 0;
  #ended: Promise<void> | undefined;

  /** @param name of what shares it, such as `test/notes.test.ts`. */
  constructor(life: TestLife<Db>, context: LeaseContext<ManagedLease<Db>>, name: string) {
    this.#life = life;
    this.#context = context;
    this.lease = life.begin(name);
  }

  /** Runs an attempt at one of the tests. */
  async around(test: RunnerTestCase, run: () => Promise<void>): Promise<void> {
    if (this.#context.own() === this.lease) return run();
    const earlier = errorsOf(test).length;
    await this.#context.run(this.lease, run);
    if (failureOf(test, earlier) === undefined) return;
    this.#failed += 1;
    const text = `Its database is that of all tests of ${this.lease.title}, at whose end it is told where it was kept.`;
    this.#output.attach(test, earlier, text);
  }

  /** @throws {IsolationError} `DBI_LEAK` when all tests have passed. */
  end(): Promise<void> {
    this.#ended ??= this.#end();
    return this.#ended;
  }

  async #end(): Promise<void> {
    const { title } = this.lease;
    const failed = this.#failed;
    let found: Error | undefined;
    await this.#life.end(this.lease, {
      test: this,
      failure: failed > 0 ? new Error(`${failed} of the tests that share it failed`) : undefined,
      fail: (error) => {
        found = error;
      },
      attach(text) {
        warn(`"${title}", whose tests share a database, of which ${failed} failed.\n${text}`);
        return true;
      },
    });
    if (found) throw found;
  }
}
