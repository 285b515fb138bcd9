import type { Random } from './random.ts';

/** A decimal as it is written in a request, and how it must read afterwards. */
export interface ExactDecimal {
  /** JSON: a string or a number. */
  readonly written: string;
  readonly read: string;
  /** Whether the contract promises to keep it; else it may also be refused. */
  readonly promised: boolean;
}

const PROMISED = { whole: 18, fraction: 10 };
const LONGEST = 64;

/**
 * A random decimal by the rules of the contract (S2), one in twenty finer or larger than what is promised. How it must
 * read is worked out from its digits here, not with the service's own code.
 */
export function randomDecimal(random: Random): ExactDecimal {
  const promised = !random.chance(0.05);
  const wholeDigits = promised ? random.integer(1, PROMISED.whole) : random.integer(1, 40);
  const fractionDigits = promised ? random.integer(0, PROMISED.fraction) : random.integer(0, LONGEST - wholeDigits - 3);
  const whole = random.chance(0.15) ? '0' : withoutLeadingZeros(random.digits(wholeDigits));
  const fraction = random.chance(0.2) ? '0'.repeat(fractionDigits) : random.digits(fractionDigits);
  const plain = `${random.chance(0.3) ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`;
  const text = random.chance(0.1) ? `"  ${plain}\\t"` : `"${plain}"`;
  return { written: random.chance(0.5) ? plain : text, read: canonical(plain), promised };
}

/** The one spelling of a plain decimal: whole part, fraction without trailing zeros, no sign on zero. */
export function canonical(plain: string): string {
  const negative = plain.startsWith('-');
  const [whole = '', fraction = ''] = plain.replace('-', '').split('.');
  const kept = [...fraction].reverse().join('').replace(/^0*/, '');
  const digits = kept === '' ? whole : `${whole}.${[...kept].reverse().join('')}`;
  return negative && /[1-9]/.test(digits) ? `-${digits}` : digits;
}

function withoutLeadingZeros(digits: string): string {
  return digits.replace(/^0+(?=\d)/, '');
}
