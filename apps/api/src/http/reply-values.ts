import { z } from 'zod';
import { ADDRESS_PARTS, type FieldKind } from '../model/fields.ts';

/** What values look like in replies; what they may look like in requests is in values.ts. */
export const replied = {
  text: z.string(),
  /** In its one spelling: no exponent, no trailing zeros, no negative zero. */
  decimal: z.string().regex(/^(0|-?[1-9][0-9]*|-?(0|[1-9][0-9]*)\.[0-9]*[1-9])$/),
  date: z.string().regex(/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/),
  /** In UTC with milliseconds. */
  time: z.string().regex(/^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$/),
  confidence: z.number().min(0).max(1),
  version: z.int().min(0),
  anyObject: z.record(z.string(), z.unknown()),
};

/** A key for each name with a value of its kind or null. */
export function repliedKeys<N extends string>(kinds: Readonly<Record<N, FieldKind>>): Record<N, z.ZodType> {
  const keys = Object.entries<FieldKind>(kinds).map(([name, kind]) => [name, replied[kind].nullable()]);
  return Object.fromEntries(keys) as Record<N, z.ZodType>;
}

/** The five parts of an address, each text or null. */
export const repliedAddress = z.strictObject(
  Object.fromEntries(ADDRESS_PARTS.map((part) => [part, replied.text.nullable()])),
);

/** Whether a value was confirmed, by whom and when. */
export const repliedConfirmation = {
  validated: z.boolean(),
  validated_by: replied.text.nullable(),
  validated_at: replied.time.nullable(),
};

/** What only some kinds of invoices have. */
export const repliedExtensions = z.strictObject({
  shift_service: replied.anyObject.nullable(),
  per_diem_travel: z.array(replied.anyObject).nullable(),
  timesheet_data: replied.anyObject.nullable(),
});
