import { z } from 'zod';
import { list, namedValues, strictObject } from '../http/shapes.ts';
import { confidence, decimal, integer, jsonObject, oneOf, share, text, timestamp } from '../http/values.ts';
import type { JsonObject } from '../json/json.ts';
import { FIELDS, LINE_FIELDS, MAX_LINE_NUMBER } from '../model/fields.ts';
import { INVOICE_SUBTYPES } from '../model/invoice.ts';
import { address, keysOf } from '../model/invoice-readers.ts';

/** The most lines that an invoice may have. */
export const MAX_LINES = 1_000;

/** The longest name of a tax or a confidence, in UTF-16 code units. */
export const MAX_NAME_LENGTH = 64;

const MAX_ID_LENGTH = 36;
const MAX_FILE_NAME_LENGTH = 255;
const ID = /^[A-Za-z0-9._-]+$/;
/** Ids that a URL would take for another path, or for a step in one. */
const RESERVED_IDS = ['.', '..', 'schema', 'validate'];

const id = text(MAX_ID_LENGTH, {
  test: (id) => ID.test(id) && !RESERVED_IDS.includes(id),
  otherwise: 'not made of A-Z a-z 0-9 . _ - or reserved',
  pattern: ID.source,
});

/** A line as it is handed over. */
export const handOverLine = strictObject({
  line_number: integer({ least: 1, most: MAX_LINE_NUMBER }),
  confidence: confidence.default('0'),
  ...keysOf(LINE_FIELDS),
});

/** What is read of it. */
export type HandOverLine = z.output<typeof handOverLine>;

/** Numbers are compared also when something else is wrong with the lines. */
const lines = z
  .array(handOverLine)
  .max(MAX_LINES)
  .superRefine(refuseRepeatedNumbers, { when: () => true });

/** Extensions are checked as far as the service knows them and kept as they were sent. */
const extensions = strictObject({
  shift_service: jsonObject.nullable().optional(),
  per_diem_travel: list(jsonObject).nullable().optional(),
  timesheet_data: jsonObject.nullable().optional(),
}).transform((sent) => sent as JsonObject);

/** The body of a hand-over. */
export const handOverRequest = strictObject({
  id: id.nullable().default(null),
  file_name: text(MAX_FILE_NAME_LENGTH).nullable().default(null),
  upload_date: timestamp.optional(),
  notes: text().nullable().default(null),
  acceptance_percentage: decimal.default(null),
  processing_state: oneOf('EXTRACTED', 'PENDING').default('EXTRACTED'),
  invoice_subtype: oneOf(...INVOICE_SUBTYPES)
    .nullable()
    .default('STANDARD_INVOICE'),
  extensions: extensions.nullable().default(null),
  ...keysOf(FIELDS),
  vendor_address: address.nullable().default(null),
  bill_to_address: address.nullable().default(null),
  remit_to_address: address.nullable().default(null),
  tax_breakdown: namedValues(decimal, MAX_NAME_LENGTH).default(new Map()),
  line_items: lines.default([]),
  field_confidence: namedValues(confidence, MAX_NAME_LENGTH).default(new Map()),
  extraction_confidence: share.default(null),
});

/** An extraction result as it is handed over. */
export type HandOverRequest = z.output<typeof handOverRequest>;

function refuseRepeatedNumbers(lines: unknown, context: z.RefinementCtx): void {
  const seen = new Set<number>();
  const numbers = (Array.isArray(lines) ? lines : []).map((line) => line?.line_number);
  for (const [index, number] of numbers.entries()) {
    if (typeof number === 'number' && seen.has(number)) {
      const params = { problem: 'duplicate_line', shown: number };
      context.addIssue({ code: 'custom', message: 'used by an earlier line', params, path: [index, 'line_number'] });
    }
    seen.add(number);
  }
}
