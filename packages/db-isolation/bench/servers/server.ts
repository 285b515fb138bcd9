import type { Knex } from 'knex';

/** A server as the approaches without this library see it, through a user of the benchmark's own. */
export interface BenchmarkServer {
  /** All that a driver needs, with the password. */
  readonly url: string;
  /** The same for one database. */
  urlOf(database: string): string;
  /** A name that no database ever had, and that needs no quotes. */
  newName(): string;
  /** Runs a statement on a connection that stays open. */
  admin(sql: string): Promise<readonly Record<string, unknown>[]>;
  /** A pool for one database. */
  knex(database: string): Knex;
  /** Empties the tables of the sample database and starts their numbers again. */
  truncateAll(knex: Knex): Promise<void>;
  /** Removes a template that the library has made, and which it would keep for the next run. */
  dropTemplate(name: string): Promise<void>;
  /** Removes the user with all that was made, and a server that was started for it. */
  close(): Promise<void>;
}
