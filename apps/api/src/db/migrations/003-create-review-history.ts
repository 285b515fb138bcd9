import type { Knex } from 'knex';

/** One row for each accepted review; triggers refuse every later change of it. */
export async function up(db: Knex): Promise<void> {
  await db.schema.createTable('review_history', (table) => {
    table.string('invoice_id', 36).notNullable().references('id').inTable('invoices');
    table.integer('review_version').notNullable();
    table.string('status', 50).notNullable();
    table.string('reviewer', 200);
    table.text('notes');
    table.string('timestamp', 24).notNullable();
    table.text('changed_fields').notNullable();
    table.text('field_notes').notNullable();
    table.text('line_notes').notNullable();
    table.primary(['invoice_id', 'review_version']);
  });
  for (const statement of ['UPDATE', 'DELETE']) {
    await db.raw(`
      CREATE TRIGGER review_history_no_${statement.toLowerCase()} BEFORE ${statement} ON review_history
      BEGIN SELECT RAISE(ABORT, 'review_history is append-only'); END`);
  }
}

export async function down(db: Knex): Promise<void> {
  await db.schema.dropTable('review_history');
}
