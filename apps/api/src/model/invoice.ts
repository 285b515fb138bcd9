import type { JsonObject } from '../json/json.ts';
import type { Decimal } from '../money/decimal.ts';
import type { ADDRESS_PARTS, AddressName, FieldName, LineFieldName } from './fields.ts';

/** How far the machine and the reviewers can be with an invoice. */
export const PROCESSING_STATES = ['PENDING', 'PROCESSING', 'EXTRACTED', 'FAILED', 'VALIDATED', 'STAGED'] as const;

/** How far they are. */
export type ProcessingState = (typeof PROCESSING_STATES)[number];

/** The kinds of invoices that have extensions of their own. */
export const INVOICE_SUBTYPES = ['STANDARD_INVOICE', 'SHIFT_SERVICE_INVOICE', 'PER_DIEM_TRAVEL_INVOICE'] as const;

/** One of the kinds of invoices. */
type InvoiceSubtype = (typeof INVOICE_SUBTYPES)[number];

/** A postal address; a part that is not known is null. */
export type Address = Readonly<Record<(typeof ADDRESS_PARTS)[number], string | null>>;

/** Who confirmed a value, and when. */
export interface Confirmation {
  readonly by: string | null;
  readonly at: string;
}

/** A line of an invoice. */
export interface LineItem extends Readonly<Record<LineFieldName, string | null>> {
  /** A UUID that stays when the line is renumbered or corrected. */
  readonly id: string;
  readonly line_number: number;
  readonly confidence: Decimal;
  readonly validated: boolean;
  readonly validated_by: string | null;
  readonly validated_at: string | null;
}

/** An invoice's own values; dates and times are ISO text, times in UTC with milliseconds. */
export interface InvoiceHeader {
  readonly id: string;
  readonly file_name: string | null;
  /** Storage key of the document. */
  readonly file_path: string | null;
  readonly content_sha256: string | null;
  readonly upload_date: string;
  readonly status: string;
  readonly processing_state: ProcessingState;
  readonly invoice_subtype: InvoiceSubtype | null;
  readonly review_version: number;
  readonly review_status: string | null;
  readonly reviewer: string | null;
  readonly review_timestamp: string | null;
  readonly review_notes: string | null;
  readonly notes: string | null;
  readonly extraction_timestamp: string | null;
  /** From 0 to 1. */
  readonly extraction_confidence: Decimal | null;
  readonly acceptance_percentage: Decimal | null;
  readonly created_at: string;
  readonly updated_at: string;
  readonly fields: Readonly<Record<FieldName, string | null>>;
  readonly addresses: Readonly<Record<AddressName, Address | null>>;
  readonly tax_breakdown: ReadonlyMap<string, Decimal>;
  /** From 0 to 1, by the name that was extracted. */
  readonly field_confidence: ReadonlyMap<string, Decimal>;
  readonly field_confirmations: ReadonlyMap<string, Confirmation>;
  /** As they were sent. */
  readonly extensions: JsonObject | null;
}

/** An invoice with its lines, ordered by line number. */
export interface Invoice extends InvoiceHeader {
  readonly line_items: readonly LineItem[];
}
