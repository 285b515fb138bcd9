import type { z } from 'zod';
import { list, openObject } from '../http/shapes.ts';
import { anyText, anything, boolean, confidence, integer, jsonObject, text } from '../http/values.ts';
import type { ExpectedVersion } from '../model/expected-version.ts';
import { MAX_LINE_NUMBER } from '../model/fields.ts';

const MAX_STATUS_LENGTH = 50;
const MAX_REVIEWER_LENGTH = 200;

const notes = text().nullable().default(null);

const fieldEntry = openObject({
  field_name: text(),
  value: anything,
  confidence,
  validated: boolean.default(false),
  corrected_value: anything.default(null),
  validation_notes: notes,
});

const lineEntry = openObject({
  line_number: integer({ least: 1, most: MAX_LINE_NUMBER }),
  validated: boolean.default(false),
  corrections: jsonObject.nullable().default(null),
  validation_notes: notes,
});

/** What a reviewer says about one field; the corrected value is not looked at yet. */
export type FieldEntry = z.output<typeof fieldEntry>;

/** What a reviewer says about one line; the corrections are not looked at yet. */
export type LineEntry = z.output<typeof lineEntry>;

const reviewKeys = {
  field_validations: list(fieldEntry).nullable().default(null),
  line_item_validations: list(lineEntry).nullable().default(null),
  overall_validation_status: text(MAX_STATUS_LENGTH).default('pending'),
  validation_notes: notes,
  reviewer: text(MAX_REVIEWER_LENGTH).nullable().default(null),
  clear_fields: list(text()).nullable().default(null),
};

/** The shape of a review; its values are read by read-decisions.ts, because other checks come in between. */
export const reviewRequest = openObject({ invoice_id: anyText, expected_review_version: integer(), ...reviewKeys });

/** The same for an invoice that the path names, at the version of `If-Match`. */
export const reviewBody = openObject(reviewKeys);

/** A review as it was sent. */
export interface ReviewRequest extends z.output<typeof reviewBody> {
  readonly invoice_id: string;
  readonly expected_review_version: ExpectedVersion;
}
