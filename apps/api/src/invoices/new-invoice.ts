import { randomUUID } from 'node:crypto';
import { FIELD_NAMES } from '../model/fields.ts';
import type { Invoice, InvoiceHeader, LineItem } from '../model/invoice.ts';
import type { HandOverLine, HandOverRequest } from './hand-over-request.ts';

const DEFAULT_CURRENCY = 'CAD';

/** The invoice that a hand-over makes; nobody has reviewed it yet. */
export function newInvoice(request: HandOverRequest, now: string): Invoice {
  const extracted = request.processing_state === 'EXTRACTED';
  return {
    id: request.id ?? randomUUID(),
    file_name: request.file_name,
    file_path: null,
    content_sha256: null,
    upload_date: request.upload_date ?? now,
    status: extracted ? 'EXTRACTED' : 'processing',
    processing_state: request.processing_state,
    invoice_subtype: request.invoice_subtype,
    review_version: 0,
    review_status: null,
    reviewer: null,
    review_timestamp: null,
    review_notes: null,
    notes: request.notes,
    extraction_timestamp: extracted ? now : null,
    extraction_confidence: request.extraction_confidence,
    acceptance_percentage: request.acceptance_percentage,
    created_at: now,
    updated_at: now,
    fields: fieldsOf(request),
    addresses: {
      vendor_address: request.vendor_address,
      bill_to_address: request.bill_to_address,
      remit_to_address: request.remit_to_address,
    },
    tax_breakdown: withoutNulls(request.tax_breakdown),
    field_confidence: request.field_confidence,
    field_confirmations: new Map(),
    extensions: request.extensions,
    line_items: request.line_items.map(newLine).sort((a, b) => a.line_number - b.line_number),
  };
}

function fieldsOf(request: HandOverRequest): InvoiceHeader['fields'] {
  const fields = Object.fromEntries(FIELD_NAMES.map((name) => [name, request[name]])) as InvoiceHeader['fields'];
  return { ...fields, currency: request.currency ?? DEFAULT_CURRENCY };
}

/** A line that nobody has reviewed yet. */
export function newLine(line: HandOverLine): LineItem {
  return { ...line, id: randomUUID(), validated: false, validated_by: null, validated_at: null };
}

function withoutNulls(taxes: ReadonlyMap<string, string | null>): Map<string, string> {
  return new Map([...taxes].flatMap(([name, value]): [string, string][] => (value === null ? [] : [[name, value]])));
}
