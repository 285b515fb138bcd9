import { z } from 'zod';
import { PROBLEM_TYPES } from '../errors.ts';
import { replied } from './reply-values.ts';

/** What the bodies of answers.ts look like. */
const code = z.enum(PROBLEM_TYPES);

/** An error of /api/v1 (RFC 9457). */
export const problemSchema = z.strictObject({
  type: z.string(),
  title: z.string(),
  status: z.int().min(400).max(599),
  detail: z.string(),
  request_id: z.string().optional(),
});

/** The same with a list of what is wrong with the request. */
export const problemsSchema = problemSchema
  .extend({
    errors: z
      .array(
        z.strictObject({
          pointer: z.string().meta({ description: 'JSON Pointer (RFC 6901) into the body; a name of the query.' }),
          code,
          message: z.string(),
        }),
      )
      .min(1),
  })
  .meta({ id: 'ProblemWithErrors' });

/** An error elsewhere: a text, or an object that says more. */
export function refusalSchema(detail: z.ZodType): z.ZodObject {
  return z.strictObject({ detail, request_id: z.string().optional() });
}

/** An error elsewhere with a list of what is wrong with the request. */
export const detailSchema = refusalSchema(
  z
    .array(
      z.strictObject({
        type: code,
        loc: z.array(z.union([z.string(), z.int()])).min(1),
        msg: z.string(),
        input: z.unknown(),
      }),
    )
    .min(1),
).meta({ id: 'DetailOfProblems' });

const { text, time, version } = replied;

/** What later writes did, which the version sent does not know of. */
export const staleMembers = {
  current_review_version: version,
  changed_fields: z.array(text),
  updated_by: text.nullable(),
  updated_at: time,
};

/** What `detail` holds for errors that are more than a text. */
export const refusals = {
  stale: z.strictObject({
    error_code: z.literal('STALE_WRITE'),
    message: text,
    retryable: z.literal(false),
    invoice_id: text,
    ...staleMembers,
  }),
  state: z.strictObject({
    error_code: z.literal('INVALID_STATE_TRANSITION'),
    message: text,
    invoice_id: text,
    current_state: text,
    attempted_to_state: text,
  }),
  clear: z.strictObject({
    error_code: z.literal('INVALID_CLEAR_FIELDS'),
    message: text,
    disallowed_fields: z.array(text),
    allowed_fields: z.array(text),
  }),
  file: z.strictObject({ message: text, errors: z.array(text).min(1) }),
  duplicate: z.strictObject({ error_code: z.literal('DUPLICATE_DOCUMENT'), message: text, invoice_id: text }),
  busy: z.strictObject({ error_code: z.literal('DATABASE_BUSY'), message: text, retryable: z.literal(true) }),
};
