import { list, nullable, type ObjectOf, object, optional, required } from '../http/shapes.ts';
import { anyText, anything, boolean, confidence, integer, jsonObject, text } from '../http/values.ts';
import { MAX_LINE_NUMBER } from '../model/fields.ts';

const MAX_STATUS_LENGTH = 50;
const MAX_REVIEWER_LENGTH = 200;

const notes = optional(nullable(text()), null);

const fieldKeys = {
  field_name: required(text()),
  value: required(anything),
  confidence: required(confidence),
  validated: optional(boolean, false),
  corrected_value: optional(anything, null),
  validation_notes: notes,
};

const lineKeys = {
  line_number: required(integer({ least: 1, most: MAX_LINE_NUMBER })),
  validated: optional(boolean, false),
  corrections: optional(nullable(jsonObject), null),
  validation_notes: notes,
};

/** What a reviewer says about one field; the corrected value is not looked at yet. */
export type FieldEntry = ObjectOf<typeof fieldKeys>;

/** What a reviewer says about one line; the corrections are not looked at yet. */
export type LineEntry = ObjectOf<typeof lineKeys>;

/** Reads the shape of a review; its values are read by read-decisions.ts, because other checks come in between. */
export const reviewRequest = object(
  {
    invoice_id: required(anyText),
    expected_review_version: required(integer()),
    field_validations: optional(nullable(list(object(fieldKeys, 'ignored'))), null),
    line_item_validations: optional(nullable(list(object(lineKeys, 'ignored'))), null),
    overall_validation_status: optional(text(MAX_STATUS_LENGTH), 'pending'),
    validation_notes: notes,
    reviewer: optional(nullable(text(MAX_REVIEWER_LENGTH)), null),
    clear_fields: optional(nullable(list(text())), null),
  },
  'ignored',
);

/** A review as it was sent. */
export type ReviewRequest = ReturnType<typeof reviewRequest>;
