import { type ErrorCode, IsolationError } from '@acme/db-isolation';
import { expect } from 'chai';

/** The error that a promise is rejected with. */
export async function rejection(promise: PromiseLike<unknown>): Promise<Error> {
  const outcome = await Promise.resolve(promise).then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if (!('error' in outcome))
    throw new Error(`expected a rejection, but it was fulfilled with ${String(outcome.value)}`);
  expect(outcome.error).to.be.instanceOf(Error);
  return outcome.error as Error;
}

/** The error that a function throws or a promise is rejected with, which has to carry this code. */
export async function failure(code: ErrorCode, action: () => unknown): Promise<IsolationError> {
  const error = await rejection((async () => action())());
  expect(error, error.stack).to.be.instanceOf(IsolationError);
  expect((error as IsolationError).code, error.stack).to.equal(code);
  expect(error.message).to.match(new RegExp(`\\[${code}\\]$`));
  return error as IsolationError;
}

/** Runs `action` and answers the errors that nobody handled meanwhile. */
export async function unhandledDuring(action: () => Promise<unknown>): Promise<unknown[]> {
  const seen: unknown[] = [];
  const listeners = process.listeners('unhandledRejection');
  process.removeAllListeners('unhandledRejection');
  process.on('unhandledRejection', (reason) => seen.push(reason));
  try {
    await action();
    for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  } finally {
    process.removeAllListeners('unhandledRejection');
    for (const listener of listeners) process.on('unhandledRejection', listener);
  }
  return seen;
}
