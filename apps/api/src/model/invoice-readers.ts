import type { Reader } from '../http/reader.ts';
import { type Key, nullable, object, optional } from '../http/shapes.ts';
import { date, decimal, text } from '../http/values.ts';
import { isJsonObject } from '../json/json.ts';
import { ADDRESS_PARTS, type FieldKind } from './fields.ts';
import type { Address } from './invoice.ts';

const READERS: Readonly<Record<FieldKind, Reader<string | null>>> = { text: nullable(text()), decimal, date };

/** Reads a value of a field's kind; null is always taken. */
export function readerOf(kind: FieldKind): Reader<string | null> {
  return READERS[kind];
}

/** A key for each name, read as its kind; null when it is absent. */
export function keysOf<N extends string>(
  kinds: Readonly<Record<N, FieldKind>>,
): Readonly<Record<N, Key<string | null>>> {
  const keys = Object.entries<FieldKind>(kinds).map(([name, kind]) => [name, optional(readerOf(kind), null)]);
  return Object.fromEntries(keys) as Record<N, Key<string | null>>;
}

/** An address; parts that are not sent are null, other keys are refused. */
export const address: Reader<Address> = (value, place) =>
  isJsonObject(value) ? addressParts(value, place) : place.refuse('address_type', 'not an address object', value);

const addressParts = object(
  Object.fromEntries(ADDRESS_PARTS.map((part) => [part, optional(readerOf('text'), null)])) as {
    readonly [Part in keyof Address]: Key<string | null>;
  },
  'refused',
);
