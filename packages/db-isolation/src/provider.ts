import { alreadyOverridden, ambiguousLease } from './errors.ts';

/**
 * An app's factory for its database (or for anything else that a test may swap). Has no dependencies and no effect in
 * production: there, `get()` is the factory's result, made once.
 */
export interface Provider<T> {
  /**
   * The running test's own database while a test runs, else what the factory made; the factory runs on the first call
   * that needs it.
   *
   * @throws {IsolationError} `DBI_STALE_LEASE` from code of a test that has ended, `DBI_AMBIGUOUS_LEASE` when several
   * tests run and the caller belongs to none.
   */
  get(): T;
  /**
   * Makes `get()` answer `value` until the returned function is called, which may happen more than once.
   *
   * @throws {IsolationError} `DBI_ALREADY_OVERRIDDEN` while another override holds for the caller.
   */
  override(value: T): () => void;
}

/** Answers the caller's database, or undefined when no test is running. */
export type ProviderSource<T> = () => T | undefined;

/**
 * Where an isolation plugs itself in. A registered symbol, so that two copies of this package in one process (CommonJS
 * and ESM, or a runner that loads modules twice) still meet.
 */
export const providerSources: unique symbol = Symbol.for('@acme/db-isolation/provider-sources') as never;

/** What {@link createProvider} really returns; only isolations use the additional part. */
export interface SourcedProvider<T> extends Provider<T> {
  readonly [providerSources]: Set<ProviderSource<T>>;
}

/**
 * Wraps an app's database factory so that tests can put their own database in its place.
 *
 * @example
 * export const database = createProvider(() => knex(config));
 * // in the routes
 * const rows = await database.get()('invoices').select();
 */
export function createProvider<T>(factory: () => T): Provider<T> {
  const sources = new Set<ProviderSource<T>>();
  let override: { readonly value: T } | undefined;
  let real: { readonly value: T } | undefined;

  function leased(): T | undefined {
    if (sources.size === 0) return undefined;
    const answers = [...sources].map((source) => source()).filter((answer) => answer !== undefined);
    if (answers.length > 1) throw ambiguousLease(answers.length);
    return answers[0];
  }

  const provider: SourcedProvider<T> = {
    [providerSources]: sources,
    get() {
      if (override) return override.value;
      const answer = leased();
      if (answer !== undefined) return answer;
      real ??= { value: factory() };
      return real.value;
    },
    override(value) {
      if (override || leased() !== undefined) throw alreadyOverridden();
      const mine = { value };
      override = mine;
      return () => {
        if (override === mine) override = undefined;
      };
    },
  };
  return provider;
}
