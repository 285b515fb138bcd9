import type { Knex } from 'knex';
import { dialectOf } from './dialect.ts';
import { exclusively } from './exclusively.ts';
import * as createInvoices from './migrations/001-create-invoices.ts';
import * as createLineItems from './migrations/002-create-line-items.ts';
import * as createReviewHistory from './migrations/003-create-review-history.ts';
import * as createAuditLog from './migrations/004-create-audit-log.ts';
import * as createApiKeys from './migrations/005-create-api-keys.ts';
import * as numberLinesAndAmounts from './migrations/006-number-lines-and-amounts.ts';
import * as createIdempotencyKeys from './migrations/007-create-idempotency-keys.ts';
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
  { name: '005-create-api-keys', up: createApiKeys.up, down: createApiKeys.down },
  { name: '006-number-lines-and-amounts', up: numberLinesAndAmounts.up, down: numberLinesAndAmounts.down },
  { name: '007-create-idempotency-keys', up: createIdempotencyKeys.up, down: createIdempotencyKeys.down },
];

/** The migrations of this service, oldest first, as Knex wants them. */
export const migrationSource: Knex.MigrationSource<NamedMigration> = {
  getMigrations: () => Promise.resolve([...migrations]),
  getMigrationName: (migration) => migration.name,
  getMigration: (migration) => Promise.resolve(migration),
};

/** Where Knex writes down what has been done. */
const DONE = 'knex_migrations';

const CHECKS = { sqlite: async () => undefined, postgres: checkPostgres, mysql: checkMysql };

/** The database was brought to a schema that this version of the service does not know. */
export class NewerSchemaError extends Error {
  override name = 'NewerSchemaError';

  constructor(unknown: readonly string[]) {
    super(`a newer version of the service has migrated it (${unknown.join(', ')}): start that version or a later one`);
  }
}

/** The migrations of this version that a database lacks. */
export async function missingMigrations(db: Knex): Promise<readonly string[]> {
  const done = await doneMigrations(db);
  return migrations.map(({ name }) => name).filter((name) => !done.includes(name));
}

/**
 * Brings a database to the newest schema; does nothing when it is there already. Of processes that start at the same
 * moment one migrates and the others wait for it; what one that is killed half-way leaves is finished by the next.
 *
 * @throws UnsuitableServerError, LockedOutError, NewerSchemaError, or the database's own error.
 */
export async function migrate(db: Knex): Promise<void> {
  const dialect = dialectOf(db);
  await CHECKS[dialect](db);
  await exclusively(db, async (trx) => {
    await refuseNewerSchema(trx);
    if (dialect === 'mysql') {
      // Its DDL commits Knex's own lock, which one that was killed thus leaves behind; ours says that nobody migrates.
      await trx.migrate.forceFreeMigrationsLock({ migrationSource });
    }
    // All in this one transaction, which SQLite and PostgreSQL take back as a whole.
    await trx.migrate.latest({ migrationSource, disableTransactions: true });
  });
}

/** @throws NewerSchemaError for a database that a later version of the service has migrated. */
export async function refuseNewerSchema(db: Knex): Promise<void> {
  const known = new Set(migrations.map(({ name }) => name));
  const unknown = (await db.schema.hasTable(DONE)) ? (await doneMigrations(db)).filter((name) => !known.has(name)) : [];
  if (unknown.length > 0) {
    throw new NewerSchemaError(unknown);
  }
}

function doneMigrations(db: Knex): Promise<string[]> {
  return db(DONE).orderBy('id').pluck('name');
}
