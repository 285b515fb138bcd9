import type { RunnerTestCase } from 'vitest';

/** One error of a test, as Vitest has it from the moment on when the test failed: no longer an `Error`. */
export interface TaskError {
  message?: string;
  stack?: string;
}

/** What the test has failed with until now, in all its attempts. */
export function errorsOf({ result }: RunnerTestCase): TaskError[] {
  return (result?.errors as TaskError[] | undefined) ?? [];
}

/** Whether a test has skipped itself while it ran, or was cut short because somebody has cancelled the run. */
export function isSkipped({ result }: RunnerTestCase): boolean {
  return result?.state === 'skip';
}

/**
 * What an attempt has failed with; undefined when it has passed or was skipped.
 *
 * @param earlier how many errors there were when it began.
 */
export function failureOf(test: RunnerTestCase, earlier: number): unknown {
  const { result, fails } = test;
  if (isSkipped(test)) return undefined;
  const error = errorsOf(test).slice(earlier).at(-1);
  if (fails) return error ? undefined : new Error('the test is meant to fail, and has passed');
  // An aroundEach hook inside ours has failed then, and Vitest says so later.
  return error ?? (result?.state === 'run' ? new Error('a hook around the test failed') : undefined);
}

/**
 * What is said in the output of tests. All reporters print the errors in the result of a test, which Vitest sends to them
 * when the test is over.
 */
export class TestOutput {
  /** Take back what was added to the error of the last failed attempt at a test. */
  readonly #additions = new WeakMap<RunnerTestCase, () => void>();
  /** Tests with `fails`, while that is taken from them. */
  readonly #meantToFail = new WeakSet<RunnerTestCase>();

  /** An attempt at a test begins. */
  begin(test: RunnerTestCase): void {
    if (this.#meantToFail.delete(test)) test.fails = true;
  }

  /** Adds to what an attempt has failed with. Answers false where nobody would see it. */
  attach(test: RunnerTestCase, earlier: number, text: string): boolean {
    this.#additions.get(test)?.(); // that database has gone
    this.#additions.delete(test);
    const error = errorsOf(test).slice(earlier).at(-1);
    if (error === undefined || test.fails || willRetry(test)) return false;
    if (text !== '') this.#additions.set(test, append(error, text));
    return true;
  }

  /** An attempt will fail for a reason that its test is not meant to fail for, if it is meant to fail at all. */
  failAllTheSame(test: RunnerTestCase, earlier: number): void {
    if (!test.fails) return;
    test.fails = false;
    this.#meantToFail.add(test);
    errorsOf(test).splice(earlier);
  }
}

/** Whether Vitest will try a test that has failed once more. */
function willRetry(test: RunnerTestCase): boolean {
  const { retry = 0, result } = test;
  const { count = 0, condition } = typeof retry === 'object' ? retry : { count: retry, condition: undefined };
  const error = errorsOf(test).at(-1);
  if (error === undefined || (result?.retryCount ?? 0) >= count) return false;
  if (condition instanceof RegExp) return condition.test(error.message ?? '');
  return typeof condition === 'function' ? condition(error as never) : true;
}

/** Answers what takes it back. */
function append(error: TaskError, text: string): () => void {
  const { message = '', stack } = error;
  const longer = message ? `${message}\n${text}` : text;
  error.message = longer;
  if (stack !== undefined)
    error.stack = message && stack.includes(message) ? stack.replace(message, () => longer) : `${stack}\n${text}`;
  return () => Object.assign(error, { message, stack });
}
