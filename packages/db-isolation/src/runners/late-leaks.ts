import { atExit } from '../core/at-exit.ts';
import { type IsolationError, leakedLate } from '../errors.ts';
import { takeUnclaimed } from '../guard/guard.ts';
import { describeLeak } from '../leaks.ts';
import type { LateLeak, RunnerAccess } from '../runner-access.ts';
import { sandbox } from '../sandbox.ts';
import { warn } from './runner.ts';

/** What tests did after their end, and what code outside of all tests did. */
export class LateLeaks<Db> {
  readonly #access: RunnerAccess<Db>;
  readonly #told: (late: LateLeak) => void;

  /** @param told hears of each, whatever becomes of it. */
  constructor(access: RunnerAccess<Db>, told: (late: LateLeak) => void) {
    this.#access = access;
    this.#told = told;
    atExit({ whileExiting: () => this.#end() });
  }

  /** Warns of what is only warned of; answers an error for the rest, if there is any. */
  take(): IsolationError | undefined {
    const unclaimed = takeUnclaimed().map(
      (leak): LateLeak => ({ title: NO_TEST, leak: { ...leak, reaction: 'fail' } }),
    );
    const late = [...this.#access.takeLate(), ...unclaimed];
    late.forEach(this.#told);
    for (const one of late.filter(({ leak }) => leak.reaction === 'warn')) warn(describeLate(one));
    const failing = late.filter(({ leak }) => leak.reaction === 'fail');
    return failing.length > 0 ? lateError(failing) : undefined;
  }

  /** What comes after the last hook can only be printed. */
  #end(): void {
    const error = this.take();
    if (!error) return;
    warn(error.message);
    if (!sandbox) process.exitCode ||= 1; // in a sandbox, the process goes on
  }
}

/** Stands for the title of a test in messages. */
const NO_TEST = 'outside of all tests';

/** It has no stack: what matters are the places that the leaks name. Each is said once: Mocha may load a file twice. */
function lateError(leaks: readonly LateLeak[]): IsolationError {
  const [ofTests, ofNone] = [false, true].map((none) => {
    return [...new Set(leaks.filter(({ title }) => (title === NO_TEST) === none).map(describeLate))];
  });
  const error = leakedLate(ofTests ?? [], ofNone ?? []);
  error.stack = `${error.name}: ${error.message}`;
  return error;
}

function describeLate({ title, leak }: LateLeak): string {
  return `"${title}": ${describeLeak(leak)}`;
}
