import { z } from 'zod';
import { replied, repliedAddress, repliedConfirmation, repliedKeys } from '../http/reply-values.ts';
import { JsonNumber } from '../json/json.ts';
import { shownConfidence } from './extraction-confidence.ts';
import { ADDRESS_NAMES, FIELDS, LINE_FIELD_NAMES, LINE_FIELDS } from './fields.ts';
import { INVOICE_SUBTYPES, type Invoice, type LineItem, PROCESSING_STATES } from './invoice.ts';

/** An invoice as /api/v1 shows it: everything that is stored, with real nulls. */
export function representation(invoice: Invoice): object {
  const { fields, addresses, field_confirmations, line_items, ...rest } = invoice;
  // Not by spreads: V8 takes a hundred times as long for several of them in one object of so many keys.
  return Object.assign(rest, fields, addresses, {
    extraction_confidence: shownConfidence(invoice.extraction_confidence),
    tax_breakdown: Object.fromEntries(invoice.tax_breakdown),
    field_confidence: Object.fromEntries(
      [...invoice.field_confidence].map(([name, value]) => [name, new JsonNumber(value)]),
    ),
    line_items: line_items.map(lineRepresentation),
  });
}

/** A line as it stands in its invoice. */
export function lineRepresentation(line: LineItem): object {
  const { line_number, confidence, validated, validated_by, validated_at } = line;
  const values = Object.fromEntries(LINE_FIELD_NAMES.map((name) => [name, line[name]]));
  return { line_number, ...values, confidence: new JsonNumber(confidence), validated, validated_by, validated_at };
}

const { text, decimal, time, confidence, version } = replied;

/** What a line looks like. */
export const lineSchema = z.strictObject({
  line_number: z.int().min(1),
  ...repliedKeys(LINE_FIELDS),
  confidence,
  ...repliedConfirmation,
});

/** What an invoice looks like. */
export const representationSchema = z
  .strictObject({
    id: text,
    file_name: text.nullable(),
    file_path: text.nullable().meta({ description: 'Storage key of the document.' }),
    content_sha256: text.nullable(),
    upload_date: time,
    status: text,
    processing_state: z.enum(PROCESSING_STATES),
    invoice_subtype: z.enum(INVOICE_SUBTYPES).nullable(),
    review_version: version,
    review_status: text.nullable(),
    reviewer: text.nullable(),
    review_timestamp: time.nullable(),
    review_notes: text.nullable(),
    notes: text.nullable(),
    extraction_timestamp: time.nullable(),
    extraction_confidence: decimal.nullable(),
    acceptance_percentage: decimal.nullable(),
    created_at: time,
    updated_at: time,
    ...repliedKeys(FIELDS),
    ...Object.fromEntries(ADDRESS_NAMES.map((name) => [name, repliedAddress.nullable()])),
    tax_breakdown: z.record(z.string(), decimal),
    field_confidence: z.record(z.string(), confidence),
    extensions: replied.anyObject.nullable().meta({ description: 'As they were sent.' }),
    line_items: z.array(lineSchema),
  })
  .meta({ id: 'Invoice' });
