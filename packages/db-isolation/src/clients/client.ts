import type { Address } from '../engines/engine.ts';

/** Something that a test left behind in its client. */
export interface Leak {
  readonly kind: 'open-transaction' | 'unreleased-connection';
  /** One sentence, for people. */
  readonly message: string;
}

/** The seam to a driver or query builder. `Db` is what tests work with, such as a Knex instance. */
export interface Client<Db> {
  /** Versions and options that decide how a template is built. */
  fingerprint(): Promise<string>;
  /** A handle for this database; may connect later, on first use. */
  open(address: Address): Promise<Db>;
  /** Runs SQL text that may hold several statements. */
  execute(db: Db, sql: string): Promise<void>;
  /** Makes every use of this handle fail with `reason()` from now on, synchronously. */
  fence(db: Db, reason: () => Error): void;
  /**
   * Rolls back what is open, gives connections back and closes. Answers what it had to clean up.
   */
  close(db: Db): Promise<readonly Leak[]>;
}
