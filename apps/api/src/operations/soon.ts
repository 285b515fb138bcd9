/** Something was not answered in time. */
class NoAnswerError extends Error {
  override name = 'NoAnswerError';
}

const LIMIT_MS = 2_000;

/**
 * Waits for a promise, but no longer than a prober does.
 *
 * @throws NoAnswerError when it has not settled after 2 seconds; whatever it rejects with.
 */
export async function soon<T>(promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new NoAnswerError(`No answer after ${LIMIT_MS} ms`)), LIMIT_MS);
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}
