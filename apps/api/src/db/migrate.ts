import type { Knex } from 'knex';
import { dialectOf } from './dialect.ts';
import { exclusively } from './exclusively.ts';
import * as createInvoices from './migrations/001-create-invoices.ts';
import * as createLineItems from './migrations/002-create-line-items.ts';
import * as createReviewHistory from './migrations/003-create-review-history.ts';
import * as createAuditLog from './migrations/004-create-audit-log.ts';
import * as numberLinesAndAmounts from './migrations/006-number-lines-and-amounts.ts';
import { checkMysql } from './mysql.ts';
import { checkPostgres } from './postgres.ts';

interface NamedMigration extends Knex.Migration {
  readonly name: string;
}

// Names carry no file extension, so that a database migrated from the sources is up to date for the compiled program.
const migrations: readonly NamedMigration[] = [
  { name: '001-create-invoices', up: createInvoices.up, down: createInvoices.down },
  { name: '002-create-line-items', up: createLineItems.up, down: createLineItems.down },
  { name: '003-create-review-history', up: createReviewHistory.up, down: createReviewHistory.down },
  { name: '004-create-audit-log', up: createAuditLog.up, down: createAuditLog.down },
  { name: '006-number-lines-and-amounts', up: numberLinesAndAmounts.up, down: numberLinesAndAmounts.down },
];

/** The migrations of this service, oldest first, as Knex wants them. */
export const migrationSource: Knex.MigrationSource<NamedMigration> = {
  getMigrations: () => Promise.resolve([...migrations]),
  getMigrationName: (migration) => migration.name,
  getMigration: (migration) => Promise.resolve(migration),
};

const CHECKS = { sqlite: async () => undefined, postgres: checkPostgres, mysql: checkMysql };

/**
 * Brings a database to the newest schema; does nothing when it is there already. Of processes that start at the same
 * moment one migrates and the others wait for it; what one that is killed half-way leaves is finished by the next.
 *
 * @throws UnsuitableServerError, LockedOutError, or the database's own error.
 */
export async function migrate(db: Knex): Promise<void> {
  const dialect = dialectOf(db);
  await CHECKS[dialect](db);
  await exclusively(db, async (trx) => {
    if (dialect === 'mysql') {
      // Its DDL commits Knex's own lock, which one that was killed thus leaves behind; ours says that nobody migrates.
      await trx.migrate.forceFreeMigrationsLock({ migrationSource });
    }
    // All in this one transaction, which SQLite and PostgreSQL take back as a whole.
    await trx.migrate.latest({ migrationSource, disableTransactions: true });
  });
}
