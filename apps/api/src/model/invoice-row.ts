import { type JsonObject, readJson, writeJson } from '../json/json.ts';
import { ADDRESS_NAMES, FIELD_NAMES, LINE_FIELD_NAMES } from './fields.ts';
import {
  type Address,
  type Confirmation,
  INVOICE_SUBTYPES,
  type InvoiceHeader,
  type LineItem,
  type ProcessingState,
} from './invoice.ts';

/** A row as the database returns it. */
export type Row = Readonly<Record<string, string | number | boolean | null>>;

const PLAIN_COLUMNS = [
  ...(['id', 'file_name', 'file_path', 'content_sha256', 'upload_date', 'status', 'processing_state'] as const),
  ...(['invoice_subtype', 'review_version', 'review_status', 'reviewer', 'review_timestamp', 'review_notes'] as const),
  ...(['notes', 'extraction_timestamp', 'extraction_confidence', 'acceptance_percentage'] as const),
  ...(['created_at', 'updated_at'] as const),
];

const PLAIN_LINE_COLUMNS = ['id', 'line_number', 'confidence', 'validated', 'validated_by', 'validated_at'] as const;

const LINE_COLUMNS = [...PLAIN_LINE_COLUMNS, ...LINE_FIELD_NAMES];

/** The row of an invoice, or of those of its values that are given. */
export function toRow(invoice: Partial<InvoiceHeader>): Row {
  const { fields, addresses, tax_breakdown, field_confidence, field_confirmations, extensions } = invoice;
  return {
    ...pick(invoice, PLAIN_COLUMNS),
    ...fields,
    ...(addresses && Object.fromEntries(ADDRESS_NAMES.map((name) => [name, jsonOrNull(addresses[name])]))),
    ...(tax_breakdown && { tax_breakdown: mapText(tax_breakdown) }),
    ...(field_confidence && { field_confidence: mapText(field_confidence) }),
    ...(field_confirmations && { field_confirmations: mapText(field_confirmations) }),
    ...(extensions !== undefined && { extensions: jsonOrNull(extensions) }),
  };
}

/** The invoice that a row holds. */
export function fromRow(row: Row): InvoiceHeader {
  return {
    ...(pick(row, PLAIN_COLUMNS) as unknown as InvoiceHeader),
    processing_state: row['processing_state'] as ProcessingState,
    invoice_subtype: INVOICE_SUBTYPES.find((subtype) => subtype === row['invoice_subtype']) ?? null,
    fields: pick(row, FIELD_NAMES) as InvoiceHeader['fields'],
    addresses: Object.fromEntries(
      ADDRESS_NAMES.map((name) => [name, parsedTexts<Address | null>(row[name])]),
    ) as InvoiceHeader['addresses'],
    tax_breakdown: new Map(Object.entries(parsedTexts<Record<string, string>>(row['tax_breakdown']))),
    field_confidence: new Map(Object.entries(parsedTexts<Record<string, string>>(row['field_confidence']))),
    field_confirmations: new Map(Object.entries(parsedTexts<Record<string, Confirmation>>(row['field_confirmations']))),
    extensions: parsed(row['extensions']),
  };
}

/** The row of a line. */
export function toLineRow(invoiceId: string, line: LineItem): Row {
  return {
    invoice_id: invoiceId,
    ...pick(line, LINE_FIELD_NAMES),
    ...pick(line, PLAIN_LINE_COLUMNS),
  };
}

/** The line that a row holds. */
export function fromLineRow(row: Row): LineItem {
  return {
    ...(pick(row, LINE_COLUMNS) as unknown as LineItem),
    validated: Boolean(row['validated']),
  };
}

/** A plain loop, as every read goes through it several times: entries and maps would take ten times as long. */
function pick(from: object, keys: readonly string[]): Record<string, Row[string]> {
  const values: Record<string, Row[string]> = {};
  for (const key of keys) {
    if (Object.hasOwn(from, key)) {
      values[key] = (from as Row)[key] as Row[string];
    }
  }
  return values;
}

function mapText(map: ReadonlyMap<string, unknown>): string {
  return writeJson(Object.fromEntries(map));
}

function jsonOrNull(value: object | null): string | null {
  return value === null ? null : writeJson(value);
}

/** JSON of a caller's; null where the column is empty. */
function parsed(text: Row[string] | undefined): JsonObject | null {
  return typeof text === 'string' ? (readJson(text) as JsonObject) : null;
}

/** JSON that this program wrote, in which there are no numbers to lose digits of; null where the column is empty. */
function parsedTexts<T>(text: Row[string] | undefined): T {
  return (typeof text === 'string' ? JSON.parse(text) : null) as T;
}
