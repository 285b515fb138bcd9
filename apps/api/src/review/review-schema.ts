import { z } from 'zod';
import { ADDRESS_NAMES, ADDRESS_PARTS, FIELDS } from '../model/fields.ts';
import { INVOICE_SUBTYPES } from '../model/invoice.ts';

const text = z.string();
const decimal = z.string().regex(/^(0|-?[1-9][0-9]*|-?(0|[1-9][0-9]*)\.[0-9]*[1-9])$/);
const date = z.string().regex(/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/);
const time = z.string().regex(/^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$/);
const confidence = z.number().min(0).max(1);
const confirmation = { validated: z.boolean(), validated_by: text.nullable(), validated_at: time.nullable() };
const anyObject = z.record(z.string(), z.unknown());

const KINDS = {
  text: z.strictObject({ value: text.nullable(), confidence, ...confirmation }),
  decimal: z.strictObject({ value: decimal.nullable(), confidence, ...confirmation }),
  date: z.strictObject({ value: date.nullable(), confidence, ...confirmation }),
};

const address = z.strictObject({
  value: z.strictObject(Object.fromEntries(ADDRESS_PARTS.map((part) => [part, text.nullable()]))),
  confidence,
  ...confirmation,
});

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
  ...confirmation,
});

const view = z.strictObject({
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
  review_version: z.int().min(0),
  fields: z.strictObject(Object.fromEntries(Object.entries(FIELDS).map(([name, kind]) => [name, KINDS[kind]]))),
  addresses: z.strictObject(Object.fromEntries([...ADDRESS_NAMES, 'customer_address'].map((name) => [name, address]))),
  line_items: z.array(line),
  extensions: z
    .strictObject({
      shift_service: anyObject.nullable(),
      per_diem_travel: z.array(anyObject).nullable(),
      timesheet_data: anyObject.nullable(),
    })
    .nullable(),
  invoice_subtype: z.enum(INVOICE_SUBTYPES).nullable(),
});

/** The JSON Schema (2020-12) of the review view: every key required, no other allowed. */
export const reviewSchema: object = z.toJSONSchema(view.meta({ title: 'Invoice review view' }));
