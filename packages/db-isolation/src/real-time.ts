import { outside } from './sandbox.ts';

// Tests replace the clock, and some forget to put it back. What this package waits for, and the age of what it keeps,
// must not depend on that: these are Node's functions as they were when this file was loaded.
const { clearInterval, clearTimeout, performance, setImmediate, setInterval, setTimeout } = outside;

/** Milliseconds since 1970. */
export const now = outside.Date.now;

/** Milliseconds since an unknown moment; changes of the system's time do not show in it. */
export const elapsed = performance.now.bind(performance);

/** Waits for so many milliseconds. */
export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}

/** Does something every so many milliseconds, as long as the process has other things to do. Answers what ends it. */
export function repeat(milliseconds: number, action: () => void): () => void {
  const timer = setInterval(action, milliseconds).unref();
  return () => clearInterval(timer);
}

/** Lets everything happen that can happen without waiting. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** Waits for a promise, but not longer than so many milliseconds: then it rejects with what `late` makes. */
export async function within<T>(milliseconds: number, promise: Promise<T>, late: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), milliseconds);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
