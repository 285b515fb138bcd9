import type { Knex } from 'knex';
import { createTable } from '../create-table.ts';

/** The keys that callers show; of the secret in each only its hash. */
export async function up(db: Knex): Promise<void> {
  await createTable(db, 'api_keys', ({ text }) => {
    text('id', 16).primary();
    text('name', 200).notNullable();
    text('roles', 200).notNullable();
    text('secret_sha256', 64).notNullable();
    text('created_at', 24).notNullable();
    text('expires_at', 24);
    text('revoked_at', 24);
  });
}

export async function down(db: Knex): Promise<void> {
  await db.schema.dropTable('api_keys');
}
