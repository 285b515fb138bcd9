import { alreadyOverridden, ambiguousLease, ambiguousProvider } from './errors.ts';

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

/** Knows the databases of one isolation's tests. Both answer undefined when there is none, and throw for an ended one. */
export interface ProviderSource<T> {
  /** The database of the test in whose context the caller runs. */
  own(): T | undefined;
  /** The same, or without a context that of the only test that is running. */
  find(): T | undefined;
}

/**
 * Where an isolation plugs itself in. A registered symbol, so that two copies of this package in one process (CommonJS
 * and ESM, or a runner that loads modules twice) still meet.
 */
export const providerSources: unique symbol = Symbol.for('@acme/db-isolation/provider-sources') as never;

/** Tells whether an override holds; a registered symbol for the same reason. */
export const providerOverridden: unique symbol = Symbol.for('@acme/db-isolation/provider-overridden') as never;

/** What {@link createProvider} really returns; only isolations use the additional parts. */
export interface SourcedProvider<T> extends Provider<T> {
  readonly [providerSources]: Set<ProviderSource<T>>;
  [providerOverridden](): boolean;
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
    const own = [...sources].map((source) => source.own());
    const live = () => [...sources].map((source) => source.find());
    // With two isolations, the context that the caller runs in decides before what else happens to be running.
    return only(own, (count) => ambiguousProvider(count)) ?? only(live(), (count) => ambiguousLease(count));
  }

  const provider: SourcedProvider<T> = {
    [providerSources]: sources,
    [providerOverridden]: () => override !== undefined,
    get() {
      const answer = leased();
      if (answer !== undefined) return answer;
      if (override) return override.value;
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

function only<T>(answers: readonly (T | undefined)[], ambiguous: (count: number) => Error): T | undefined {
  const found = answers.filter((answer) => answer !== undefined);
  if (found.length > 1) throw ambiguous(found.length);
  return found[0];
}
