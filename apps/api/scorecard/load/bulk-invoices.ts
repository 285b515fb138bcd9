import { randomUUID } from 'node:crypto';
import type { Knex } from 'knex';
import type { HttpClient } from '../support/http-client.ts';
import { BULK_INVOICES, bulkId } from './bulk-ids.ts';

const LINES = 5;
const ROWS_AT_ONCE = 200;
const INVOICES_AT_ONCE = 5_000;

/**
 * Hands one invoice over and copies its rows, each copy with a time of its own, until there are a hundred thousand: they
 * are as the service writes them, without the hours that it would take.
 */
export async function addBulkInvoices(db: Knex, client: HttpClient, origin: string): Promise<void> {
  await client.post(origin, '/api/v1/invoices', template());
  const invoice = await db('invoices').where({ id: TEMPLATE }).first();
  const lines = await db('line_items').where({ invoice_id: TEMPLATE });
  for (let start = 0; start < BULK_INVOICES; start += INVOICES_AT_ONCE) {
    const numbers = Array.from({ length: INVOICES_AT_ONCE }, (_, index) => start + index);
    await db.transaction(async (trx) => {
      const invoices = numbers.map((number) => ({ ...invoice, id: bulkId(number), upload_date: timeOf(number) }));
      await trx.batchInsert('invoices', invoices, ROWS_AT_ONCE);
      const copies = numbers.flatMap((number) =>
        lines.map((line) => ({ ...line, ...('id' in line && { id: randomUUID() }), invoice_id: bulkId(number) })),
      );
      await trx.batchInsert('line_items', copies, ROWS_AT_ONCE);
    });
  }
}

const TEMPLATE = 'template';

function timeOf(number: number): string {
  return new Date(Date.UTC(2026, 0, 1) + number * 60_000).toISOString();
}

function template(): object {
  return {
    id: TEMPLATE,
    ...{ invoice_number: 'INV-2026-001', invoice_date: '2026-01-02', due_date: '2026-02-01', currency: 'CAD' },
    ...{ vendor_name: 'Acme Ltd', customer_name: 'Northern Airports', po_number: 'PO-77', payment_terms: 'Net 30' },
    ...{ subtotal: '1000', tax_amount: '130', total_amount: '1130.00' },
    vendor_address: { street: '1 Main St', city: 'Ottawa', province: 'ON', postal_code: 'K1A 0B1', country: 'Canada' },
    tax_breakdown: { federal_tax: '50', provincial_tax: '80' },
    field_confidence: { vendor_name: 0.97, total_amount: 0.7, invoice_date: 0.99, subtotal: 0.9 },
    line_items: Array.from({ length: LINES }, (_, index) => ({
      ...{ line_number: index + 1, description: `Service ${index + 1}`, quantity: '2', unit_price: '100.00' },
      ...{ amount: '200.00', confidence: 0.9, tax_rate: '0.13', tax_amount: '26' },
    })),
  };
}
