import { Big } from 'big.js';

/** Text in plain decimal notation without needless zeros: what is stored, compared and sent. */
export type Decimal = string;

/** The longest decimal that is taken, in characters; whatever fits is kept digit for digit. */
export const MAX_DECIMAL_LENGTH = 64;

/** Fraction digits that programs write for the smallest binary floats. */
const FLOAT_FRACTION_DIGITS = 324;

/** More digits than tell any two binary floats apart. */
const FLOAT_SIGNIFICANT_DIGITS = 40;

const PLAIN = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?$/;

/** Whether a text is a decimal in plain notation: no exponent, no needless leading zero, no bare point. */
export function isPlainDecimal(text: string): boolean {
  return PLAIN.test(text);
}

/** The one spelling of a plain decimal: no trailing fraction zeros, no bare point, no negative zero. */
export function canonicalDecimal(plain: string): Decimal {
  const trimmed = plain.includes('.') ? plain.replace(/\.?0+$/, '') : plain;
  return trimmed === '-0' ? '0' : trimmed;
}

/** Rounds half up, away from zero, to a number of fraction digits. */
export function roundDecimal(value: Decimal, fractionDigits: number): Decimal {
  const [, fraction = ''] = value.split('.', 2);
  if (fraction.length <= fractionDigits) {
    return canonicalDecimal(value);
  }
  return canonicalDecimal(new Big(value).round(fractionDigits, Big.roundHalfUp).toFixed());
}

/** Exact comparison of decimals or JSON numbers: negative, zero or positive as `a` is below, equal to or above `b`. */
export function compareDecimals(a: string, b: string): number {
  return new Big(a).cmp(b);
}

/** A JSON number in few characters, with an exponent if it is small; rounded where it is finer than binary floats. */
export function shortNumber(number: string): string {
  const float = new Big(number).round(FLOAT_FRACTION_DIGITS, Big.roundHalfUp);
  return float.prec(FLOAT_SIGNIFICANT_DIGITS, Big.roundHalfUp).toString();
}
