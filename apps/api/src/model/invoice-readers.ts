import type { z } from 'zod';
import { strictObject } from '../http/shapes.ts';
import { date, decimal, text } from '../http/values.ts';
import { ADDRESS_PARTS, type FieldKind } from './fields.ts';
import type { Address } from './invoice.ts';

type Value = z.ZodType<string | null>;

const SCHEMAS: Readonly<Record<FieldKind, Value>> = { text: text().nullable(), decimal, date };

/** A value of a field's kind; null is always taken. */
export function schemaOf(kind: FieldKind): Value {
  return SCHEMAS[kind];
}

/** A key for each name with a value of its kind; null when it is absent. */
export function keysOf<N extends string>(kinds: Readonly<Record<N, FieldKind>>): { readonly [name in N]: Value } {
  const keys = Object.entries<FieldKind>(kinds).map(([name, kind]) => [name, schemaOf(kind).default(null)]);
  return Object.fromEntries(keys) as Record<N, Value>;
}

/** An address; parts that are not sent are null, other keys are refused. */
export const address: z.ZodType<Address> = strictObject(
  keysOf(Object.fromEntries(ADDRESS_PARTS.map((part) => [part, 'text'])) as Record<keyof Address, FieldKind>),
  'address_type',
);
