import { JsonNumber, type JsonValue } from '../json/json.ts';

const NUMBER = /^(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$/;
const TEXT = /^-?(?:0|[1-9][0-9]*)(?:\.0+)?$/;

/** The integer that a JSON number (`3`, `3.0`, `3e0`) or a text (`"3"`) stands for; undefined for all else. */
export function readInteger(value: JsonValue | undefined): number | undefined {
  const digits = value instanceof JsonNumber ? value.digits : value;
  if (typeof digits !== 'string' || (digits === value && !TEXT.test(digits)) || !isWhole(digits)) {
    return undefined;
  }
  return Number(digits) + 0;
}

/** Decided on the digits: a binary float would take 3.00000000000000000001 for 3. */
function isWhole(number: string): boolean {
  const [, , whole = '', fraction = '', exponent = '0'] = NUMBER.exec(number) ?? [];
  const significant = lengthWithoutTrailingZeros(whole + fraction);
  return significant === 0 || significant - whole.length - Number(exponent) <= 0;
}

/** By hand, because a regular expression takes quadratic time over a long run of zeros. */
function lengthWithoutTrailingZeros(digits: string): number {
  let length = digits.length;
  while (length > 0 && digits[length - 1] === '0') {
    length -= 1;
  }
  return length;
}
