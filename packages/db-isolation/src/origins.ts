import { createHook, executionAsyncId } from 'node:async_hooks';

/** Where some asynchronous work was started. */
export interface Origin {
  readonly stack: () => string;
  /** What it was started from. */
  readonly from: Origin | undefined;
}

/** How many pieces of asynchronous work are remembered. */
const REMEMBERED = 20_000;

/** How far back one is followed; what lies further back is the test runner. */
const STEPS = 50;

/**
 * Remembers for every piece of asynchronous work where it was started, from now on. Answers what finds the origin of
 * the code that is running. Makes everything several times slower: only for looking for something.
 */
export function originsOfAsyncWork(capture: (above: unknown) => () => string): () => Origin | undefined {
  const started = new Map<number, { readonly stack: () => string; readonly by: number }>();
  const init = (id: number) => {
    if (started.size >= REMEMBERED) started.delete(started.keys().next().value as number); // the oldest
    started.set(id, { stack: capture(init), by: executionAsyncId() });
  };
  createHook({ init }).enable();

  const find = (id: number, steps: number): Origin | undefined => {
    const work = steps > 0 ? started.get(id) : undefined;
    return work && { stack: work.stack, from: find(work.by, steps - 1) };
  };
  return () => find(executionAsyncId(), STEPS);
}
