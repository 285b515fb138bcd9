import type { Knex } from 'knex';
import { createTable } from '../create-table.ts';

/** Invoice lines, addressed by their number, which is unique in an invoice. */
export async function up(db: Knex): Promise<void> {
  await createTable(db, 'line_items', ({ table, text }) => {
    text('invoice_id', 36).notNullable().references('id').inTable('invoices');
    table.integer('line_number').notNullable();
    for (const name of ['description', 'unit_of_measure', 'project_code', 'cost_centre_code', 'airport_code']) {
      text(name);
    }
    text('region_code');
    for (const decimal of ['quantity', 'unit_price', 'amount', 'tax_rate', 'tax_amount', 'gst_amount', 'pst_amount']) {
      text(decimal, 64);
    }
    for (const decimal of ['qst_amount', 'combined_tax', 'acceptance_percentage']) {
      text(decimal, 64);
    }
    text('confidence', 64).notNullable();
    table.boolean('validated').notNullable();
    text('validated_by', 200);
    text('validated_at', 24);
    table.primary(['invoice_id', 'line_number']);
  });
}

export async function down(db: Knex): Promise<void> {
  await db.schema.dropTable('line_items');
}
