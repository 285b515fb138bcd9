import type { Knex } from 'knex';
import { createTable } from '../create-table.ts';
import { dialectOf } from '../dialect.ts';

const REFUSAL = 'review_history is append-only';

/**
 * Triggers that refuse every change of a row. On PostgreSQL also TRUNCATE, which fires none on MySQL; there it takes
 * the right to drop the table.
 */
const TRIGGERS = {
  sqlite: ['UPDATE', 'DELETE'].map(
    (statement) => `CREATE TRIGGER review_history_no_${statement.toLowerCase()} BEFORE ${statement} ON review_history
      BEGIN SELECT RAISE(ABORT, '${REFUSAL}'); END`,
  ),
  postgres: [
    `CREATE FUNCTION review_history_refuse() RETURNS trigger LANGUAGE plpgsql
      AS $$ BEGIN RAISE EXCEPTION '${REFUSAL}'; END $$`,
    `CREATE TRIGGER review_history_no_change BEFORE UPDATE OR DELETE ON review_history
      FOR EACH ROW EXECUTE FUNCTION review_history_refuse()`,
    `CREATE TRIGGER review_history_no_truncate BEFORE TRUNCATE ON review_history
      FOR EACH STATEMENT EXECUTE FUNCTION review_history_refuse()`,
  ],
  mysql: ['UPDATE', 'DELETE'].map(
    (statement) => `CREATE TRIGGER review_history_no_${statement.toLowerCase()} BEFORE ${statement} ON review_history
      FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '${REFUSAL}'`,
  ),
};

/** One row for each accepted review; triggers refuse every later change of it. */
export async function up(db: Knex): Promise<void> {
  await createTable(db, 'review_history', ({ table, text }) => {
    text('invoice_id', 36).notNullable().references('id').inTable('invoices');
    table.integer('review_version').notNullable();
    text('status', 50).notNullable();
    text('reviewer', 200);
    text('notes');
    text('timestamp', 24).notNullable();
    text('changed_fields').notNullable();
    text('field_notes').notNullable();
    text('line_notes').notNullable();
    table.primary(['invoice_id', 'review_version']);
  });
  for (const statement of TRIGGERS[dialectOf(db)]) {
    await db.raw(statement);
  }
}

export async function down(db: Knex): Promise<void> {
  await db.schema.dropTable('review_history');
  if (dialectOf(db) === 'postgres') {
    await db.raw('DROP FUNCTION review_history_refuse()');
  }
}
