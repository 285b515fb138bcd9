import { type Decimal, MAX_DECIMAL_LENGTH } from './decimal.ts';

/** The longest key, in characters. */
export const MAX_SORT_KEY_LENGTH = MAX_DECIMAL_LENGTH + 4;

/**
 * A text that compares, character by character, as the decimal does as a number: what databases order by, since none of
 * them has a number that holds every decimal.
 *
 * A sign (`1`, or `0` for negative ones), how many digits the whole part has, its digits, those of the fraction:
 * `12.5` is `102125`. In negative ones each digit is taken from 9 and `~`, which comes after all digits, ends the key,
 * so that what is further from zero comes first.
 */
export function sortKey(decimal: Decimal): string {
  const negative = decimal.startsWith('-');
  const [whole = '', fraction = ''] = decimal.slice(negative ? 1 : 0).split('.');
  const digits = `${String(whole.length).padStart(2, '0')}${whole}${fraction}`;
  return negative ? `0${digits.replace(/[0-9]/g, (digit) => String(9 - Number(digit)))}~` : `1${digits}`;
}
