import type { z } from 'zod';
import { namedValues, strictObject } from '../http/shapes.ts';
import { decimal, integer, text } from '../http/values.ts';
import {
  ADDRESS_NAMES,
  ADDRESS_PARTS,
  FIELD_NAMES,
  FIELDS,
  LINE_FIELD_NAMES,
  LINE_FIELDS,
  MAX_LINE_NUMBER,
} from '../model/fields.ts';
import { schemaOf } from '../model/invoice-readers.ts';
import { MAX_NAME_LENGTH } from './hand-over-request.ts';

/** An address whose parts are merged with the ones that are there. */
const addressEdit = strictObject(
  mapNames(ADDRESS_PARTS, () => text().nullable().exactOptional()),
  'address_type',
);

/** A merge patch (RFC 7396) of an invoice: keys that are not sent stay as they are, null removes. */
export const invoiceEdit = strictObject({
  notes: text().nullable().exactOptional(),
  ...mapNames(FIELD_NAMES, (name) => schemaOf(FIELDS[name]).exactOptional()),
  ...mapNames(ADDRESS_NAMES, () => addressEdit.nullable().exactOptional()),
  tax_breakdown: namedValues(decimal, MAX_NAME_LENGTH).nullable().exactOptional(),
});

/** New values of an invoice. */
export type InvoiceEdit = z.output<typeof invoiceEdit>;

/** A merge patch of a line. */
export const lineEdit = strictObject({
  line_number: integer({ least: 1, most: MAX_LINE_NUMBER }).exactOptional(),
  ...mapNames(LINE_FIELD_NAMES, (name) => schemaOf(LINE_FIELDS[name]).exactOptional()),
});

/** New values of a line. */
export type LineEdit = z.output<typeof lineEdit>;

function mapNames<N extends string, T>(names: readonly N[], make: (name: N) => T): Record<N, T> {
  return Object.fromEntries(names.map((name) => [name, make(name)])) as Record<N, T>;
}
