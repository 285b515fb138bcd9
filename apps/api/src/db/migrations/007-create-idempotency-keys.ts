import type { Knex } from 'knex';
import { createTable } from '../create-table.ts';

/** Requests that were sent with an Idempotency-Key: who works on one and until when, or what was replied. */
export async function up(db: Knex): Promise<void> {
  await createTable(db, 'idempotency_keys', ({ table, text }) => {
    // A hash of caller, route and key.
    text('id', 64).primary();
    text('fingerprint', 64).notNullable();
    text('token', 36).notNullable();
    text('locked_until', 24).notNullable();
    text('expires_at', 24).notNullable();
    table.integer('status');
    text('headers');
    text('body');
    table.index(['expires_at']);
  });
}

export async function down(db: Knex): Promise<void> {
  await db.schema.dropTable('idempotency_keys');
}
