// The parts of jest-circus, the runner of Jest 30, that the adapter touches.

type Body = (this: unknown, done?: (reason?: unknown) => void) => unknown;

interface DescribeBlock {
  readonly name: string;
  readonly parent?: DescribeBlock | undefined;
}

/** A test, the same object for all attempts at it. */
export interface JestTest {
  readonly name: string;
  readonly parent: DescribeBlock;
  /** Runs at the same time as others, and without hooks of its own. */
  readonly concurrent: boolean;
  fn: Body;
  /** What it has failed with until now; those that were thrown come with an error that knows the place of the test. */
  readonly errors: unknown[];
  /** Rejections that nobody has handled yet; Jest makes errors of them at the end of the describe block. */
  readonly unhandledRejectionErrorByPromise?: ReadonlyMap<unknown, unknown>;
}

interface JestHook {
  readonly type: 'beforeAll' | 'beforeEach' | 'afterEach' | 'afterAll';
  fn: Body;
}

export interface JestState {
  readonly currentDescribeBlock: DescribeBlock;
  readonly hasStarted: boolean;
  /** What makes the whole file fail. */
  readonly unhandledErrors: unknown[];
}

/**
 * In this order: an attempt at a test, where `test_started` is left out for one that is skipped; that it, or all tests of a
 * block, are tried again, which makes Jest forget their errors; and the end of a file.
 */
export type JestEvent =
  | { readonly name: 'test_started' | 'test_fn_start' | 'test_done' | 'test_retry'; readonly test: JestTest }
  | { readonly name: 'hook_start'; readonly hook: JestHook }
  | { readonly name: 'describe_retry'; readonly describeBlock: DescribeBlock }
  | { readonly name: 'run_finish' };

/** The root block has a name that nobody has given it. */
export function titleOf(test: JestTest): string {
  const names = [test.name];
  for (let block = test.parent; block.parent; block = block.parent) names.unshift(block.name);
  return names.join(' ');
}

/** Whether a test is in one of these blocks, or in a block in one of them. */
export function isIn(blocks: ReadonlySet<DescribeBlock>, test: JestTest): boolean {
  for (let block: DescribeBlock | undefined = test.parent; block; block = block.parent) {
    if (blocks.has(block)) return true;
  }
  return false;
}

/** What an attempt failed with; undefined when it passed. */
export function failureOf({ errors, unhandledRejectionErrorByPromise }: JestTest): unknown {
  for (const error of [...errors, ...(unhandledRejectionErrorByPromise?.values() ?? [])]) {
    const thrown = Array.isArray(error) ? (error[0] ?? error[1]) : error;
    return thrown ?? new Error('it threw nothing'); // what nobody can throw is no failure
  }
  return undefined;
}

/** What happens in place of a function that Jest calls: `call` runs it, `skip` ends it without. */
type Around = (call: () => unknown, skip: () => unknown) => unknown;

/** Puts itself between Jest and a hook or the body of a test, for this attempt and all later ones. */
export function wrap(runnable: { fn: Body }, around: Around): void {
  const { fn } = runnable;
  if (isGenerator(fn)) {
    runnable.fn = function* () {
      return yield* drive(fn.call(this), around);
    };
  } else if (fn.length > 0) {
    runnable.fn = function (done) {
      return around(
        () => fn.call(this, done),
        () => done?.(),
      );
    };
  } else {
    // Jest tells by the number of parameters whether a function takes a callback.
    runnable.fn = function () {
      return around(
        () => fn.call(this),
        () => undefined,
      );
    };
  }
}

/** Adds text to what Jest prints of an attempt's first error. Answers false where it cannot. */
export function attachToFailure(test: JestTest, text: string): boolean {
  if (text === '') return true;
  const { errors, unhandledRejectionErrorByPromise: rejections } = test;
  const [first = rejections?.values().next().value] = errors;
  const error: unknown = Array.isArray(first) ? first[0] : first;
  if (Array.isArray(first) && Object(error) !== error) {
    errors[0] = [`${error}\n${text}`, first[1]]; // a timeout, or whatever else is no object
    return true;
  }
  // An error that several tests throw is printed as often with the same text, so it can speak for one of them only.
  if (typeof error !== 'object' || error === null || Object.isFrozen(error) || ATTACHED.has(error)) return false;
  const { message, stack } = error as { message?: unknown; stack?: unknown };
  if (typeof message !== 'string') return false;
  const longer = message ? `${message}\n${text}` : text;
  try {
    Reflect.set(error, 'message', longer);
    // Jest prints the stack, which begins with the message.
    if (typeof stack === 'string') Reflect.set(error, 'stack', withText(stack, message, longer, text));
    ATTACHED.add(error);
    return true;
  } catch {
    return false;
  }
}

function withText(stack: string, message: string, longer: string, text: string): string {
  return message && stack.includes(message) ? stack.replace(message, () => longer) : `${stack}\n${text}`;
}

const ATTACHED = new WeakSet<object>();

type Steps = Generator<unknown, unknown, unknown>;

function isGenerator(fn: Body): fn is (this: unknown) => Steps {
  return Object.prototype.toString.call(fn) === '[object GeneratorFunction]';
}

/** Takes each step of a generator within `around`. */
function* drive(steps: Steps, around: Around): Steps {
  let skipped = false;
  const within = (step: () => IteratorResult<unknown>): IteratorResult<unknown> => {
    const taken = around(step, () => {
      skipped = true;
    });
    return skipped ? { done: true, value: undefined } : (taken as IteratorResult<unknown>);
  };
  let step = within(() => steps.next());
  while (!step.done) {
    let next: () => IteratorResult<unknown>;
    try {
      const value: unknown = yield step.value;
      next = () => steps.next(value);
    } catch (error) {
      next = () => steps.throw(error);
    }
    step = within(next);
  }
  return step.value;
}
