import type { Knex } from 'knex';

/** Invoice lines, addressed by their number, which is unique in an invoice. */
export async function up(db: Knex): Promise<void> {
  await db.schema.createTable('line_items', (table) => {
    table.string('invoice_id', 36).notNullable().references('id').inTable('invoices');
    table.integer('line_number').notNullable();
    for (const text of ['description', 'unit_of_measure', 'project_code', 'cost_centre_code', 'airport_code']) {
      table.text(text);
    }
    table.text('region_code');
    for (const decimal of ['quantity', 'unit_price', 'amount', 'tax_rate', 'tax_amount', 'gst_amount', 'pst_amount']) {
      table.string(decimal, 64);
    }
    for (const decimal of ['qst_amount', 'combined_tax', 'acceptance_percentage']) {
      table.string(decimal, 64);
    }
    table.string('confidence', 64).notNullable();
    table.boolean('validated').notNullable();
    table.string('validated_by', 200);
    table.string('validated_at', 24);
    table.primary(['invoice_id', 'line_number']);
  });
}

export async function down(db: Knex): Promise<void> {
  await db.schema.dropTable('line_items');
}
