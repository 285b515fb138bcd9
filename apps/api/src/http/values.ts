import { z } from 'zod';
import type { ProblemType } from '../errors.ts';
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

/** The longest text that is taken, in UTF-16 code units. */
const MAX_TEXT_LENGTH = 4_000;

const ASCII_BLANKS = '\t\n\v\f\r ';

/** Text, kept verbatim. */
export function text(mostCharacters = MAX_TEXT_LENGTH, allowed: Allowed = STORABLE) {
  return z
    .string()
    .superRefine((sent, context) => {
      if (sent.length > mostCharacters) {
        const message = `longer than ${mostCharacters} characters`;
        context.addIssue({ code: 'custom', message, params: { problem: 'string_too_long' } });
      } else if (!allowed.test(sent)) {
        context.addIssue({ code: 'custom', message: allowed.otherwise, params: { problem: 'string_invalid' } });
      }
    })
    .meta({ maxLength: mostCharacters, ...(allowed.pattern !== undefined && { pattern: allowed.pattern }) });
}

/** Which texts are taken, and what is said of others. */
interface Allowed {
  readonly test: (text: string) => boolean;
  readonly otherwise: string;
  /** The same as a regular expression, as far as it goes. */
  readonly pattern?: string;
}

const STORABLE: Allowed = { test: isStorableText, otherwise: 'has characters that cannot be kept' };

/** Any JSON text whatever; for values that are only compared. */
export const anyText = z.string();

/** Any JSON value. */
export const anything = value(
  (sent, refuse) => (sent === undefined ? refuse('missing', 'required') : (sent as JsonValue)),
  {},
);

/** A JSON object, as it was sent. */
export const jsonObject = z
  .custom<JsonObject>(isJsonObject, { error: 'not an object', params: { problem: 'dict_type' }, abort: true })
  .meta({ type: 'object' });

/** True or false. */
export const boolean = z.boolean();

/** One of a few texts. */
export function oneOf<const T extends string>(...allowed: readonly T[]) {
  return z.enum(allowed);
}

/** A decimal or null; an empty text is null. The value is taken by its digits, never through a binary float. */
export const decimal = value<Decimal | null>(readDecimal, {
  type: ['string', 'number', 'null'],
  maxLength: MAX_DECIMAL_LENGTH,
  pattern: '^[\\t-\\r ]*(-?(0|[1-9][0-9]*)(\\.[0-9]+)?)?[\\t-\\r ]*$',
  description: 'A decimal in plain notation, taken digit by digit; an empty text is null.',
});

/** A decimal from 0 to 1, or null. */
export const share = value<Decimal | null>(
  (sent, refuse) => {
    const read = readDecimal(sent, refuse);
    return typeof read === 'string' ? withinShare(read, refuse) : read;
  },
  {
    type: ['string', 'number', 'null'],
    minimum: 0,
    maximum: 1,
    maxLength: MAX_DECIMAL_LENGTH,
    pattern: '^[\\t-\\r ]*(-?(0|1)(\\.[0-9]+)?)?[\\t-\\r ]*$',
  },
);

/** A JSON number from 0 to 1; one finer than every binary float is rounded. */
export const confidence = value<Decimal>(
  (sent, refuse) => {
    if (!(sent instanceof JsonNumber)) {
      return refuse('float_parsing', 'not a number');
    }
    const read = withinShare(sent.digits, refuse);
    return typeof read === 'string' ? shortNumber(read) : read;
  },
  { type: 'number', minimum: 0, maximum: 1 },
);

/** A calendar day as `YYYY-MM-DD`, or null; an empty text is null. */
export const date = value<string | null>(
  (sent, refuse) => {
    if (sent === null || sent === '') {
      return null;
    }
    return typeof sent === 'string' && isCalendarDay(sent)
      ? sent
      : refuse('date_parsing', 'not a calendar day as YYYY-MM-DD');
  },
  { type: ['string', 'null'], pattern: '^([0-9]{4}-[0-9]{2}-[0-9]{2})?$', description: 'A calendar day or empty.' },
);

/** A point in time, read into UTC with milliseconds. */
export const timestamp = value<string>(
  (sent, refuse) =>
    (typeof sent === 'string' ? parseTimestamp(sent) : undefined) ??
    refuse('date_parsing', 'not a timestamp as YYYY-MM-DDThh:mm:ss'),
  {
    type: 'string',
    pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})?$',
  },
);

/** An integer, also as text; beyond the safe integers it is rounded, which leaves it far from every stored number. */
export function integer({ least, most }: { least?: number; most?: number } = {}) {
  return value<number>(
    (sent, refuse) => {
      const read = readInteger(sent as JsonValue | undefined);
      if (read === undefined) {
        return refuse('int_parsing', 'not an integer');
      }
      if (least !== undefined && read < least) {
        return refuse('greater_than_equal', `less than ${least}`);
      }
      return most !== undefined && read > most ? refuse('less_than_equal', `more than ${most}`) : read;
    },
    {
      type: ['integer', 'string'],
      pattern: '^-?(0|[1-9][0-9]*)(\\.0+)?$',
      ...(least !== undefined && { minimum: least }),
      ...(most !== undefined && { maximum: most }),
    },
  );
}

/** Says that a value is refused; what it returns stands in for the value and is never used. */
export type Refuse = (problem: ProblemType, text: string) => never;

/** A type whose values a function reads, and the JSON Schema that describes what it takes. */
export function value<T>(read: (sent: unknown, refuse: Refuse) => T, schema: Readonly<Record<string, unknown>>) {
  return z
    .unknown()
    .transform((sent, context): T => {
      const refuse = (problem: ProblemType, text: string) => {
        context.addIssue({ code: 'custom', message: text, params: { problem } });
        return z.NEVER;
      };
      return read(sent, refuse as Refuse);
    })
    .meta(schema);
}

function readDecimal(sent: unknown, refuse: Refuse): Decimal | null {
  if (sent === null) {
    return null;
  }
  if (typeof sent !== 'string' && !(sent instanceof JsonNumber)) {
    return refuse('decimal_parsing', 'not a plain decimal number');
  }
  const digits = typeof sent === 'string' ? sent : sent.digits;
  const plain = withoutOuterBlanks(digits);
  if (plain !== '' && !isPlainDecimal(plain)) {
    return refuse('decimal_parsing', 'not a plain decimal number');
  }
  if (digits.length > MAX_DECIMAL_LENGTH) {
    return refuse('decimal_max_digits', `longer than ${MAX_DECIMAL_LENGTH} characters`);
  }
  return plain === '' ? null : canonicalDecimal(plain);
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

function withinShare(read: string, refuse: Refuse): string {
  if (compareDecimals(read, '0') < 0) {
    return refuse('greater_than_equal', 'less than 0');
  }
  return compareDecimals(read, '1') > 0 ? refuse('less_than_equal', 'more than 1') : read;
}
