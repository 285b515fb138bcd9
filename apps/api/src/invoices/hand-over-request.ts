import type { Place, Reader } from '../http/reader.ts';
import { list, nullable, type ObjectOf, object, optional, required } from '../http/shapes.ts';
import { confidence, decimal, integer, jsonObject, oneOf, share, text, timestamp } from '../http/values.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../json/json.ts';
import { FIELDS, LINE_FIELDS, MAX_LINE_NUMBER } from '../model/fields.ts';
import { INVOICE_SUBTYPES } from '../model/invoice.ts';
import { address, keysOf } from '../model/invoice-readers.ts';
import { isStorableText } from '../text.ts';

const MAX_LINES = 1_000;
const MAX_NAME_LENGTH = 64;
const MAX_ID_LENGTH = 36;
const MAX_FILE_NAME_LENGTH = 255;
/** Ids that a URL would take for another path, or for a step in one. */
const RESERVED_IDS = ['.', '..', 'schema', 'validate'];

const lineKeys = {
  line_number: required(integer({ least: 1, most: MAX_LINE_NUMBER })),
  confidence: optional(confidence, '0'),
  ...keysOf(LINE_FIELDS),
};

/** A line as it is handed over. */
export type HandOverLine = ObjectOf<typeof lineKeys>;

/** Reads the body of a hand-over. */
export const handOverRequest = object(
  {
    id: optional(nullable(id), null),
    file_name: optional(nullable(text(MAX_FILE_NAME_LENGTH)), null),
    upload_date: optional(timestamp, null),
    notes: optional(nullable(text()), null),
    acceptance_percentage: optional(decimal, null),
    processing_state: optional(oneOf('EXTRACTED', 'PENDING'), 'EXTRACTED' as const),
    invoice_subtype: optional(nullable(oneOf(...INVOICE_SUBTYPES)), 'STANDARD_INVOICE' as const),
    extensions: optional(nullable(extensions), null),
    ...keysOf(FIELDS),
    vendor_address: optional(nullable(address), null),
    bill_to_address: optional(nullable(address), null),
    remit_to_address: optional(nullable(address), null),
    tax_breakdown: optional(namedValues(decimal), new Map<string, string | null>()),
    line_items: optional(lines, []),
    field_confidence: optional(namedValues(confidence), new Map<string, string>()),
    extraction_confidence: optional(share, null),
  },
  'refused',
);

/** An extraction result as it is handed over. */
export type HandOverRequest = ReturnType<typeof handOverRequest>;

function id(value: JsonValue | undefined, place: Place): string {
  const read = text(MAX_ID_LENGTH)(value, place);
  const allowed = read === undefined || (/^[A-Za-z0-9._-]+$/.test(read) && !RESERVED_IDS.includes(read));
  return allowed ? read : place.refuse('string_invalid', 'not made of A-Z a-z 0-9 . _ - or reserved', value);
}

function lines(value: JsonValue | undefined, place: Place): HandOverLine[] {
  const read = list(object(lineKeys, 'refused'), MAX_LINES)(value, place);
  const seen = new Set<number>();
  for (const [index, number] of (read ?? []).map((line) => line?.line_number).entries()) {
    if (number !== undefined && seen.has(number)) {
      place.child(index).child('line_number').refuse('duplicate_line', 'used by an earlier line', number);
    }
    seen.add(number);
  }
  return read;
}

/** Values by name; the names are whatever the extraction calls them. */
function namedValues<T>(reader: Reader<T>): Reader<ReadonlyMap<string, T>> {
  return (value, place) => {
    if (!isJsonObject(value)) {
      return place.refuse('dict_type', 'not an object', value);
    }
    const entries = Object.entries(value).map(([name, item]): [string, T] => {
      checkName(name, place.child(name));
      return [name, reader(item, place.child(name))];
    });
    return new Map(entries);
  };
}

function checkName(name: string, place: Place): void {
  if (name.length > MAX_NAME_LENGTH) {
    place.refuse('string_too_long', `name longer than ${MAX_NAME_LENGTH} characters`, name);
  } else if (name === '' || !isStorableText(name)) {
    place.refuse('string_invalid', 'name is empty or has characters that cannot be kept', name);
  }
}

/** Extensions are checked as far as the service knows them and kept as they were sent. */
function extensions(value: JsonValue | undefined, place: Place): JsonObject {
  readExtensions(value, place);
  return value as JsonObject;
}

const readExtensions = object(
  {
    shift_service: optional(nullable(jsonObject), null),
    per_diem_travel: optional(nullable(list(jsonObject)), null),
    timesheet_data: optional(nullable(jsonObject), null),
  },
  'refused',
);
