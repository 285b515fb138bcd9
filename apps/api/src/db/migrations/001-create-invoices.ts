import type { Knex } from 'knex';
import { createTable } from '../create-table.ts';

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
  await createTable(db, 'invoices', ({ table, text }) => {
    text('id', 36).primary();
    text('file_name', 255);
    text('file_path');
    text('content_sha256', 64).unique();
    text('upload_date', 24).notNullable();
    text('status', 50).notNullable();
    text('processing_state', 20).notNullable();
    text('invoice_subtype', 50);
    table.integer('review_version').notNullable().defaultTo(0);
    text('review_status', 50);
    text('reviewer', 200);
    text('review_timestamp', 24);
    text('review_notes');
    text('notes');
    text('extraction_timestamp', 24);
    text('extraction_confidence', 64);
    text('acceptance_percentage', 64);
    text('created_at', 24).notNullable();
    text('updated_at', 24).notNullable();
    for (const field of FIELDS) {
      text(field);
    }
    text('vendor_address');
    text('bill_to_address');
    text('remit_to_address');
    // No defaults: MySQL has none for long texts.
    text('tax_breakdown').notNullable();
    text('field_confidence').notNullable();
    text('field_confirmations').notNullable();
    text('extensions');
    table.index(['upload_date', 'id']);
  });
}

export async function down(db: Knex): Promise<void> {
  await db.schema.dropTable('invoices');
}
