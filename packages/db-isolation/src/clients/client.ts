import type { Address } from '../engines/engine.ts';
import type { Leak } from '../leaks.ts';

/**
 * Makes the error for a use of a handle that may not be used any more: a `late` one began after the end, and one that
 * was `cut off` before it. Called once for each.
 */
export type Refusal = (use: 'late' | 'cut off') => Error;

/** The seam to a driver or query builder. `Db` is what tests work with, such as a Knex instance. */
export interface Client<Db> {
  /** Versions and options that decide how a template is built. */
  fingerprint(): Promise<string>;
  /** A handle for this database; may connect later, on first use. */
  open(address: Address): Promise<Db>;
  /** Runs SQL text that may hold several statements. */
  execute(db: Db, sql: string): Promise<void>;
  /** Makes every use of this handle fail with what `reason` makes from now on, synchronously. */
  fence(db: Db, reason: Refusal): void;
  /**
   * Rolls back what is open, gives connections back and closes. Answers what it had to clean up.
   *
   * @param ownPorts the local ports of all connections from this process to the database, the client's own included; so
   * that what else is connected belongs to another process. Undefined when they are not known.
   */
  close(db: Db, ownPorts?: ReadonlySet<number>): Promise<readonly Leak[]>;
}
