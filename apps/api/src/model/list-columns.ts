import { sortKey } from '../money/sortable-decimal.ts';
import { cutText, foldCase } from '../text.ts';
import { lowConfidenceFields } from './extraction-confidence.ts';
import type { InvoiceHeader } from './invoice.ts';
import type { Row } from './invoice-row.ts';

/** How much of a vendor's name decides its place in a list, in UTF-16 code units: an index takes no more. */
const VENDOR_KEY_LENGTH = 200;

/** Between texts that are searched together; nobody types it. */
const SEPARATOR = '\u001f';

/** What lists are made from; a value that is left out counts as null. */
export interface Listed extends Pick<InvoiceHeader, 'file_name' | 'field_confidence'> {
  readonly fields: Partial<InvoiceHeader['fields']>;
}

/**
 * Columns that only lists use: they say again what the invoice says, in a form that every engine orders, compares and
 * indexes alike. Made at every write, as migration 006 made them for the invoices that were there.
 */
export function listColumns({ file_name, field_confidence, fields }: Listed): Row {
  const { invoice_date = null, total_amount = null, vendor_name = null } = fields;
  const searched = [fields.invoice_number, vendor_name, fields.customer_name, fields.po_number, file_name];
  return {
    invoice_date_key: invoice_date,
    total_amount_key: total_amount === null ? null : sortKey(total_amount),
    vendor_name_key: vendorKey(vendor_name),
    search_text: foldCase(searched.map((text) => text ?? '').join(SEPARATOR)),
    low_confidence: lowConfidenceFields(field_confidence).length > 0,
  };
}

/** What a vendor's name is ordered by. */
export function vendorKey(name: string | null): string | null {
  return name === null ? null : cutText(name, VENDOR_KEY_LENGTH);
}
