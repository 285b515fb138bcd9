import type { Knex } from 'knex';

const FIELDS = [
  ...['invoice_number', 'invoice_date', 'invoice_type', 'reference_number', 'due_date', 'vendor_name', 'vendor_id'],
  ...['vendor_phone', 'vendor_fax', 'vendor_email', 'vendor_website', 'business_number', 'gst_number', 'qst_number'],
  ...['pst_number', 'customer_name', 'customer_id', 'customer_phone', 'customer_email', 'customer_fax', 'entity'],
  ...['remit_to_name', 'po_number', 'contract_id', 'standing_offer_number', 'subtotal', 'tax_amount', 'total_amount'],
  ...['currency', 'payment_terms', 'tax_registration_number', 'discount_amount', 'shipping_amount', 'handling_fee'],
  ...['deposit_amount', 'gst_amount', 'gst_rate', 'hst_amount', 'hst_rate', 'qst_amount', 'qst_rate', 'pst_amount'],
  ...['pst_rate', 'payment_method', 'payment_due_upon', 'period_start', 'period_end', 'shipping_date', 'delivery_date'],
];

/** Invoices: decimals as canonical text (exact on every engine), dates and times as ISO text, maps as JSON text. */
export async function up(db: Knex): Promise<void> {
  await db.schema.createTable('invoices', (table) => {
    table.string('id', 36).primary();
    table.string('file_name', 255);
    table.text('file_path');
    table.string('content_sha256', 64).unique();
    table.string('upload_date', 24).notNullable();
    table.string('status', 50).notNullable();
    table.string('processing_state', 20).notNullable();
    table.string('invoice_subtype', 50);
    table.integer('review_version').notNullable().defaultTo(0);
    table.string('review_status', 50);
    table.string('reviewer', 200);
    table.string('review_timestamp', 24);
    table.text('review_notes');
    table.text('notes');
    table.string('extraction_timestamp', 24);
    table.string('extraction_confidence', 64);
    table.string('acceptance_percentage', 64);
    table.string('created_at', 24).notNullable();
    table.string('updated_at', 24).notNullable();
    for (const field of FIELDS) {
      table.text(field);
    }
    table.text('vendor_address');
    table.text('bill_to_address');
    table.text('remit_to_address');
    table.text('tax_breakdown').notNullable().defaultTo('{}');
    table.text('field_confidence').notNullable().defaultTo('{}');
    table.text('field_confirmations').notNullable().defaultTo('{}');
    table.text('extensions');
    table.index(['upload_date', 'id']);
  });
}

export async function down(db: Knex): Promise<void> {
  await db.schema.dropTable('invoices');
}
