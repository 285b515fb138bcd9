import { AsyncLocalStorage } from 'node:async_hooks';
import { ambiguousLease } from '../errors.ts';

/** Knows which lease belongs to the code that is running now. */
export class LeaseContext<Lease> {
  readonly #storage = new AsyncLocalStorage<Lease | undefined>();
  readonly #live = new Set<Lease>();

  /** Runs `body` so that it, and everything that it starts, belongs to `lease`. */
  run<T>(lease: Lease, body: () => T): T {
    return this.#storage.run(lease, body);
  }

  /** The same from here on, for runners that call hooks and tests one after another. */
  enter(lease: Lease | undefined): void {
    this.#storage.enterWith(lease);
  }

  /** Counts a lease among those that code without a context may mean. */
  add(lease: Lease): void {
    this.#live.add(lease);
  }

  remove(lease: Lease): void {
    this.#live.delete(lease);
  }

  live(): readonly Lease[] {
    return [...this.#live];
  }

  /** The lease in whose context the caller runs, also when it has ended. */
  own(): Lease | undefined {
    return this.#storage.getStore();
  }

  /**
   * The caller's lease: the one whose context the code runs in, also when it has ended; without a context the only live
   * one; undefined when there is none.
   *
   * @throws {IsolationError} `DBI_AMBIGUOUS_LEASE` without a context and with several live leases.
   */
  find(): Lease | undefined {
    const own = this.own();
    if (own) return own;
    if (this.#live.size > 1) throw ambiguousLease(this.#live.size);
    return this.live()[0];
  }
}
