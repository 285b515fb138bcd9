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
  const significant = (whole + fraction).replace(/0+$/, '');
  const droppedZeros = whole.length + fraction.length - significant.length;
  return significant === '' || fraction.length - droppedZeros - Number(exponent) <= 0;
}
