import { atExit } from '../core/at-exit.ts';
import type { ReleaseReport } from '../core/lease.ts';
import { messageOf } from '../errors.ts';
import { reportFile } from '../evidence/report-file.ts';
import type { Leak, LeakKind, LeakReaction } from '../leaks.ts';
import type { LateLeak } from '../runner-access.ts';
import { warn } from './runner.ts';

/** Writes the events of this process's tests to `DB_ISOLATION_REPORT`, and at its end how many there were. */
export class RunReport {
  readonly #file = reportFile();
  readonly #leaks: { [kind in LeakKind]?: number } = {};
  #tests = 0;
  #failed = 0;
  #kept = 0;
  #warned = false;

  constructor() {
    atExit({ whileExiting: () => this.#end() });
  }

  /** A test has ended, `failure` being what it failed with; undefined when it passed. */
  ended(test: string, report: ReleaseReport | undefined, failure: unknown): void {
    this.#tests += 1;
    for (const leak of report?.leaks ?? []) this.#leak(test, leak);
    if (report?.kept) {
      this.#kept += 1;
      const { url, command } = report.kept;
      this.#write(() => this.#file.kept({ test, url, command }));
    }
    if (failure === undefined) return;
    this.#failed += 1;
    const changes = report?.changes;
    this.#write(() => this.#file.failure({ test, message: messageOf(failure), ...(changes && { changes }) }));
  }

  late({ title, leak }: LateLeak): void {
    this.#leak(title, leak);
  }

  #leak(test: string, leak: Leak & { readonly reaction: LeakReaction }): void {
    this.#leaks[leak.kind] = (this.#leaks[leak.kind] ?? 0) + 1;
    this.#write(() => this.#file.leak({ test, ...leak }));
  }

  #end(): void {
    if (this.#tests === 0) return;
    const counts = { tests: this.#tests, failed: this.#failed, leaks: this.#leaks, kept: this.#kept };
    this.#write(() => this.#file.summary(counts));
  }

  /** A full disk must not end the run. */
  #write(action: () => void): void {
    try {
      action();
    } catch (error) {
      if (!this.#warned) warn(`DB_ISOLATION_REPORT cannot be written: ${messageOf(error)}`);
      this.#warned = true;
    }
  }
}
