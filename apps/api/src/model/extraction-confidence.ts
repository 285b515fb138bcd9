import { Big } from 'big.js';
import { canonicalDecimal, compareDecimals, type Decimal, roundDecimal } from '../money/decimal.ts';

const IMPORTANT = ['invoice_number', 'invoice_date', 'total_amount', 'vendor_name', 'subtotal', 'tax_amount'];
const LOW_CONFIDENCE = '0.75';
const FRACTION_DIGITS = 6;

/** A Big of our own, so that its rounding (half up, six digits, in divisions) is nobody else's. */
const Ratio = Big();
Ratio.DP = FRACTION_DIGITS;
Ratio.RM = Big.roundHalfUp;

/**
 * How sure the extraction was of an invoice: 0.7 of the mean of the important fields and 0.3 of the mean of the others
 * above zero; without an important field the plain mean. Six fraction digits, half up; 0 for an empty map.
 */
export function extractionConfidence(confidence: ReadonlyMap<string, Decimal>): Decimal {
  const important = IMPORTANT.flatMap((name) => confidence.get(name) ?? []);
  if (important.length === 0) {
    return mean([...confidence.values()]);
  }
  const others = [...confidence].filter(([name]) => !IMPORTANT.includes(name)).map(([, value]) => value);
  const above = others.filter((value) => compareDecimals(value, '0') > 0);
  // One division at the very end, so that nothing is rounded twice.
  const importantCount = important.length;
  const aboveCount = Math.max(above.length, 1);
  const weighted = sum(important).times('0.7').times(aboveCount).plus(sum(above).times('0.3').times(importantCount));
  return canonicalDecimal(weighted.div(importantCount * aboveCount).toFixed());
}

/** How a confidence is shown: at most six fraction digits, half up; null when it is not known. */
export function shownConfidence(confidence: Decimal | null): Decimal | null {
  return confidence === null ? null : roundDecimal(confidence, FRACTION_DIGITS);
}

/** The names whose confidence is low, spelled as stored. */
export function lowConfidenceFields(confidence: ReadonlyMap<string, Decimal>): string[] {
  return [...confidence].filter(([, value]) => compareDecimals(value, LOW_CONFIDENCE) < 0).map(([name]) => name);
}

function mean(values: readonly Decimal[]): Decimal {
  return values.length === 0 ? '0' : canonicalDecimal(sum(values).div(values.length).toFixed());
}

function sum(values: readonly Decimal[]): Big {
  return values.reduce((total, value) => total.plus(value), new Ratio(0));
}
