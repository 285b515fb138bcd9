import type { Knex } from 'knex';
import * as createInvoices from './migrations/001-create-invoices.ts';
import * as createLineItems from './migrations/002-create-line-items.ts';
import * as createReviewHistory from './migrations/003-create-review-history.ts';

interface NamedMigration extends Knex.Migration {
  readonly name: string;
}

// Names carry no file extension, so that a database migrated from the sources is up to date for the compiled program.
const migrations: readonly NamedMigration[] = [
  { name: '001-create-invoices', up: createInvoices.up, down: createInvoices.down },
  { name: '002-create-line-items', up: createLineItems.up, down: createLineItems.down },
  { name: '003-create-review-history', up: createReviewHistory.up, down: createReviewHistory.down },
];

/** The migrations of this service, oldest first, as Knex wants them. */
export const migrationSource: Knex.MigrationSource<NamedMigration> = {
  getMigrations: () => Promise.resolve([...migrations]),
  getMigrationName: (migration) => migration.name,
  getMigration: (migration) => Promise.resolve(migration),
};

/** Brings a database to the newest schema; does nothing when it is there already. */
export async function migrate(db: Knex): Promise<void> {
  // All in one transaction: of processes that start at the same moment one migrates and the others wait for it, and
  // one that is killed half-way leaves neither half a schema nor Knex's own lock behind.
  await db.transaction((trx) => trx.migrate.latest({ migrationSource, disableTransactions: true }));
}
