import type { Knex } from 'knex';
import { cached } from './cached.ts';
import { soon } from './soon.ts';

/** What a probe of the database found. */
export interface DatabaseAnswer {
  readonly up: boolean;
  /** Until it answered, or was given up. */
  readonly seconds: number;
  /** Why it is not up. */
  readonly failure?: unknown;
}

/**
 * Makes a probe of the database, which asks it at most once a second and never twice at the same time, however many
 * probes there are: one that does not answer is not asked again until it has.
 */
export function createDatabaseProbe(db: Knex): () => Promise<DatabaseAnswer> {
  let unanswered: Promise<unknown> | undefined;
  return cached(async () => {
    const started = performance.now();
    unanswered ??= Promise.resolve(db.raw('SELECT 1')).finally(() => {
      unanswered = undefined;
    });
    const failure = await failureOf(soon(unanswered));
    const seconds = (performance.now() - started) / 1_000;
    return failure === undefined ? { up: true, seconds } : { up: false, seconds, failure };
  });
}

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error) => error ?? new Error('unknown'),
  );
}
