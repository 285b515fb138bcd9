import { z } from 'zod';
import { replied, repliedAddress, repliedConfirmation, repliedExtensions } from '../http/reply-values.ts';
import { ADDRESS_NAMES, FIELDS } from '../model/fields.ts';
import { INVOICE_SUBTYPES } from '../model/invoice.ts';

const { text, decimal, date, time, confidence, version } = replied;

const KINDS = {
  text: z.strictObject({ value: text.nullable(), confidence, ...repliedConfirmation }),
  decimal: z.strictObject({ value: decimal.nullable(), confidence, ...repliedConfirmation }),
  date: z.strictObject({ value: date.nullable(), confidence, ...repliedConfirmation }),
};

const address = z.strictObject({ value: repliedAddress, confidence, ...repliedConfirmation });

const line = z.strictObject({
  line_number: z.int().min(1),
  description: text,
  quantity: decimal.nullable(),
  unit_price: decimal.nullable(),
  amount: decimal,
  confidence,
  unit_of_measure: text.nullable(),
  tax_rate: decimal.nullable(),
  tax_amount: decimal.nullable(),
  gst_amount: decimal.nullable(),
  pst_amount: decimal.nullable(),
  qst_amount: decimal.nullable(),
  combined_tax: decimal.nullable(),
  project_code: text.nullable(),
  cost_centre_code: text.nullable(),
  airport_code: text.nullable(),
  ...repliedConfirmation,
});

/** The review view: every key required, no other allowed. */
export const reviewViewSchema = z.strictObject({
  invoice_id: text,
  status: text,
  file_name: text,
  file_path: text.nullable(),
  upload_date: time,
  extraction_confidence: decimal,
  extraction_timestamp: time.nullable(),
  low_confidence_fields: z.array(text),
  low_confidence_triggered: z.boolean(),
  review_status: text,
  reviewer: text.nullable(),
  review_timestamp: time.nullable(),
  review_version: version,
  fields: z.strictObject(Object.fromEntries(Object.entries(FIELDS).map(([name, kind]) => [name, KINDS[kind]]))),
  addresses: z.strictObject(Object.fromEntries([...ADDRESS_NAMES, 'customer_address'].map((name) => [name, address]))),
  line_items: z.array(line),
  extensions: repliedExtensions.nullable(),
  invoice_subtype: z.enum(INVOICE_SUBTYPES).nullable(),
});

/** Its JSON Schema (2020-12). */
export const reviewSchema: object = z.toJSONSchema(reviewViewSchema.meta({ title: 'Invoice review view' }));
