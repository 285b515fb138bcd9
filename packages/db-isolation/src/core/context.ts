import { AsyncLocalStorage } from 'node:async_hooks';
import { ambiguousLease } from '../errors.ts';
import type { ManagedLease } from './lease.ts';

/** Knows which lease belongs to the code that is running now. */
export class LeaseContext<Db> {
  readonly #storage = new AsyncLocalStorage<ManagedLease<Db> | undefined>();
  readonly #live = new Set<ManagedLease<Db>>();

  /** Runs `body` so that it, and everything that it starts, belongs to `lease`. */
  run<T>(lease: ManagedLease<Db>, body: () => T): T {
    return this.#storage.run(lease, body);
  }

  /** The same from here on, for runners that call hooks and tests one after another. */
  enter(lease: ManagedLease<Db> | undefined): void {
    this.#storage.enterWith(lease);
  }

  /** Counts a lease among those that code without a context may mean. */
  add(lease: ManagedLease<Db>): void {
    this.#live.add(lease);
  }

  remove(lease: ManagedLease<Db>): void {
    this.#live.delete(lease);
  }

  live(): readonly ManagedLease<Db>[] {
    return [...this.#live];
  }

  /** The lease in whose context the caller runs, also when it has ended. */
  own(): ManagedLease<Db> | undefined {
    return this.#storage.getStore();
  }

  /**
   * The caller's lease: the one whose context the code runs in, also when it has ended; without a context the only live
   * one; undefined when there is none.
   *
   * @throws {IsolationError} `DBI_AMBIGUOUS_LEASE` without a context and with several live leases.
   */
  find(): ManagedLease<Db> | undefined {
    const own = this.own();
    if (own) return own;
    if (this.#live.size > 1) throw ambiguousLease(this.#live.size);
    return this.live()[0];
  }
}
