import type { Knex } from 'knex';

/** Where the running test's database is. */
export interface Source {
  db(): Knex;
  /** What opens the same database once more; a file's path on SQLite. */
  url(): string;
}

let source: Source | undefined;

/** Says where tests find their database; called by the hooks of each set-up. */
export function useSource(next: Source): void {
  source = next;
}

/** The running test's handle: its own database, or the transaction around it, or the shared database. */
export function db(): Knex {
  return found().db();
}

/** What opens the running test's database once more. */
export function urlOfTest(): string {
  return found().url();
}

function found(): Source {
  if (!source) throw new Error('the hooks of the set-up are not loaded');
  return source;
}
