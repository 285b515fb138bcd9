import { atExit } from '../core/at-exit.ts';
import { ENOUGH_KEPT, type ManagedLease } from '../core/lease.ts';
import type { Kept } from '../engines/engine.ts';
import type { IsolationError } from '../errors.ts';
import { placeOfCaller } from '../place.ts';
import type { RunnerAccess } from '../runner-access.ts';
import { outside } from '../sandbox.ts';
import { verdictOn } from './evidence.ts';
import { isSignalled } from './exit-on-signals.ts';
import { LateLeaks } from './late-leaks.ts';
import { RunReport } from './run-report.ts';
import { discardQuietly, endLease, KeptList, settleQuietly } from './runner.ts';

/** One attempt at a test that has come to its end. */
export interface EndOfTest {
  /** The same object for all attempts at one test: of those that fail, only the last one's database is kept. */
  readonly test: object;
  /** What it failed with; undefined when it passed or was skipped. */
  readonly failure: unknown;
  /** Makes the test fail that has passed until now; left out where it cannot fail any more. */
  readonly fail?: ((error: IsolationError) => void) | undefined;
  /** Adds text to what the runner prints of the failure; answers false where it cannot. */
  readonly attach: (text: string) => boolean;
}

/** What all runners share: the databases of one isolation's tests in this process, from the first test to the last. */
export class TestLife<Db> {
  readonly #access: RunnerAccess<Db>;
  readonly #keptOf = new WeakMap<object, Kept>();
  readonly #unnamed = new KeptList();
  readonly #late: LateLeaks<Db>;
  readonly #report: RunReport;
  readonly #running = new Set<ManagedLease<Db>>();

  constructor(access: RunnerAccess<Db>) {
    this.#access = access;
    // In this order they also run when the process ends: what is found last of all is still counted.
    atExit({ whileExiting: () => this.#abandon() });
    this.#late = new LateLeaks(access, (one) => this.#report.late(one));
    this.#report = new RunReport();
    access.guard();
  }

  /** Starts opening a database; the lease is there at once, so that its context can be entered synchronously. */
  begin(title: string): ManagedLease<Db> {
    const lease = this.#access.open(title);
    this.#running.add(lease);
    return lease;
  }

  /** Ends the database of an attempt and has the runner say what has to be said of it. Never rejects. */
  async end(lease: ManagedLease<Db>, { test, failure, fail, attach }: EndOfTest): Promise<void> {
    this.#running.delete(lease);
    const failed = failure !== undefined;
    const report = await endLease(lease, failed);
    const verdict = report && verdictOn(lease.title, report, failure);
    this.#report.ended(lease.title, report, failure ?? verdict?.error);
    if (!report || !verdict) return;
    if (report.kept && (failed || verdict.error)) await this.#forgetEarlierAttempt(test, report.kept);
    if (verdict.error && fail) return fail(verdict.error);
    if (failed && attach(verdict.addition)) return;
    if (report.reason === ENOUGH_KEPT) this.#unnamed.omit();
    if (report.kept) this.#unnamed.add(report.kept);
  }

  /**
   * Removes what was made for tests that have not come. Answers an error for what tests did after their end, if there is
   * any. Never rejects. For the end of the run, or of a file where runners know no other.
   */
  async settle(): Promise<IsolationError | undefined> {
    await settleQuietly(this.#access);
    return this.late();
  }

  /** An error for what tests have done after their end since this was asked the last time, if there is any. */
  late(): IsolationError | undefined {
    return this.#late.take();
  }

  /** The runner tries a test again and does not print what the attempt before failed with: lists its database instead. */
  retried(test: object): void {
    const kept = this.#keptOf.get(test);
    if (kept) this.#unnamed.add(kept);
  }

  /** Of a test that fails again and again, only the last attempt is worth a look. */
  async #forgetEarlierAttempt(test: object, kept: Kept): Promise<void> {
    const earlier = this.#keptOf.get(test);
    this.#keptOf.set(test, kept);
    if (!earlier) return;
    this.#unnamed.remove(earlier);
    await discardQuietly(earlier);
  }

  /** Runners say little of a test that ends the process, and the exit code is then whatever that test wants it to be. */
  #abandon(): void {
    const own = this.#access.context.own();
    const lease = own && this.#running.has(own) ? own : this.#only();
    if (lease === undefined || isSignalled(outside.process.exitCode)) return;
    const place = placeOfCaller()();
    lease.abandon({ kind: 'exit', message: 'it ended the process, and the run with it', ...(place && { place }) });
  }

  #only(): ManagedLease<Db> | undefined {
    const [first, ...others] = this.#running;
    return others.length === 0 ? first : undefined;
  }
}
