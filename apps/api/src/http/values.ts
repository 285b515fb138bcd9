import { isJsonObject, JsonNumber, type JsonObject, type JsonValue } from '../json/json.ts';
import {
  canonicalDecimal,
  compareDecimals,
  type Decimal,
  isPlainDecimal,
  MAX_DECIMAL_LENGTH,
  shortNumber,
} from '../money/decimal.ts';
import { isStorableText } from '../text.ts';
import { isCalendarDay, parseTimestamp } from './dates.ts';
import { readInteger } from './integers.ts';
import type { Place, Reader } from './reader.ts';

/** The longest text that is taken, in UTF-16 code units. */
const MAX_TEXT_LENGTH = 4_000;

const ASCII_BLANKS = '\t\n\v\f\r ';

/** Text, kept verbatim. */
export function text(mostCharacters = MAX_TEXT_LENGTH): Reader<string> {
  return (value, place) => {
    if (typeof value !== 'string') {
      return place.refuse('string_type', 'not a text', value);
    }
    if (value.length > mostCharacters) {
      return place.refuse('string_too_long', `longer than ${mostCharacters} characters`, value);
    }
    return isStorableText(value) ? value : place.refuse('string_invalid', 'has characters that cannot be kept', value);
  };
}

/** Any JSON text whatever; for values that are only compared. */
export const anyText: Reader<string> = (value, place) =>
  typeof value === 'string' ? value : place.refuse('string_type', 'not a text', value);

/** Any JSON value. */
export const anything: Reader<JsonValue> = (value) => value as JsonValue;

/** A JSON object, as it was sent. */
export const jsonObject: Reader<JsonObject> = (value, place) =>
  isJsonObject(value) ? value : place.refuse('dict_type', 'not an object', value);

/** True or false. */
export const boolean: Reader<boolean> = (value, place) =>
  typeof value === 'boolean' ? value : place.refuse('bool_type', 'not true or false', value);

/** One of a few texts. */
export function oneOf<const T extends string>(...allowed: readonly T[]): Reader<T> {
  return (value, place) => {
    if (typeof value !== 'string') {
      return place.refuse('string_type', 'not a text', value);
    }
    return (
      allowed.find((each) => each === value) ??
      place.refuse('string_invalid', `not one of ${allowed.join(', ')}`, value)
    );
  };
}

/** A decimal or null; an empty text is null. The value is taken by its digits, never through a binary float. */
export const decimal: Reader<Decimal | null> = (value, place) => {
  if (value === null) {
    return null;
  }
  if (typeof value !== 'string' && !(value instanceof JsonNumber)) {
    return place.refuse('decimal_parsing', 'not a plain decimal number', value);
  }
  const sent = typeof value === 'string' ? value : value.digits;
  const plain = withoutOuterBlanks(sent);
  if (plain !== '' && !isPlainDecimal(plain)) {
    return place.refuse('decimal_parsing', 'not a plain decimal number', value);
  }
  if (sent.length > MAX_DECIMAL_LENGTH) {
    return place.refuse('decimal_max_digits', `longer than ${MAX_DECIMAL_LENGTH} characters`, value);
  }
  return plain === '' ? null : canonicalDecimal(plain);
};

/** A decimal from 0 to 1, or null. */
export const share: Reader<Decimal | null> = (value, place) => {
  const read = decimal(value, place);
  return typeof read === 'string' ? withinShare(read, value, place) : read;
};

/** A JSON number from 0 to 1; one finer than every binary float is rounded. */
export const confidence: Reader<Decimal> = (value, place) => {
  if (!(value instanceof JsonNumber)) {
    return place.refuse('float_parsing', 'not a number', value);
  }
  const read = withinShare(value.digits, value, place);
  return typeof read === 'string' ? shortNumber(read) : read;
};

/** A calendar day as `YYYY-MM-DD`, or null; an empty text is null. */
export const date: Reader<string | null> = (value, place) => {
  if (value === null || value === '') {
    return null;
  }
  return typeof value === 'string' && isCalendarDay(value)
    ? value
    : place.refuse('date_parsing', 'not a calendar day as YYYY-MM-DD', value);
};

/** A point in time, read into UTC with milliseconds. */
export const timestamp: Reader<string> = (value, place) =>
  (typeof value === 'string' ? parseTimestamp(value) : undefined) ??
  place.refuse('date_parsing', 'not a timestamp as YYYY-MM-DDThh:mm:ss', value);

/** An integer, also as text; beyond the safe integers it is rounded, which leaves it far from every stored number. */
export function integer(limits: { least?: number; most?: number } = {}): Reader<number> {
  const { least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY } = limits;
  return (value, place) => {
    const read = readInteger(value);
    if (read === undefined) {
      return place.refuse('int_parsing', 'not an integer', value);
    }
    if (read < least) {
      return place.refuse('greater_than_equal', `less than ${least}`, value);
    }
    return read > most ? place.refuse('less_than_equal', `more than ${most}`, value) : read;
  };
}

/** By hand, because a regular expression takes quadratic time over a long run of blanks. */
function withoutOuterBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && ASCII_BLANKS.includes(text.charAt(start))) {
    start += 1;
  }
  while (end > start && ASCII_BLANKS.includes(text.charAt(end - 1))) {
    end -= 1;
  }
  return text.slice(start, end);
}

function withinShare(read: string, input: JsonValue | undefined, place: Place): string {
  if (compareDecimals(read, '0') < 0) {
    return place.refuse('greater_than_equal', 'less than 0', input);
  }
  return compareDecimals(read, '1') > 0 ? place.refuse('less_than_equal', 'more than 1', input) : read;
}
