import { extractionConfidence } from '../model/extraction-confidence.ts';
import type { Confirmation, Invoice } from '../model/invoice.ts';
import type { InvoicePatch } from '../model/invoice-store.ts';
import type { Decimal } from '../money/decimal.ts';
import { type ClearName, namesOverruledBy } from './clear-fields.ts';
import type { FieldDecision } from './read-decisions.ts';
import { holds, type TargetValues, withValue } from './target.ts';

/** What a review does to fields, addresses and taxes. */
export interface FieldPlan {
  readonly patch: InvoicePatch;
  /** Names whose value is another one afterwards; clears are not among them. */
  readonly changed: readonly string[];
}

/** Decides what becomes of an invoice's fields; a clear wins over decisions about the same thing. */
export function planFields(
  invoice: Invoice,
  decisions: readonly FieldDecision[],
  clears: ReadonlySet<ClearName>,
  confirmation: Confirmation,
): FieldPlan {
  const overruled = namesOverruledBy(clears);
  const effective = decisions.filter(({ target }) => !overruled.includes(target.name));
  const changes = effective.flatMap(({ target, correction }) =>
    correction === undefined || holds(invoice, target, correction.value) ? [] : [{ target, value: correction.value }],
  );
  const corrected = changes.reduce<TargetValues>(
    (values, { target, value }) => withValue(values, target, value),
    valuesOf(invoice),
  );
  return {
    patch: {
      ...cleared(corrected, clears),
      ...confidences(invoice, effective),
      field_confirmations: confirmations(invoice, effective, overruled, confirmation),
    },
    changed: changes.map(({ target }) => target.name),
  };
}

function valuesOf({ fields, addresses, tax_breakdown }: Invoice): TargetValues {
  return { fields, addresses, tax_breakdown };
}

function cleared(values: TargetValues, clears: ReadonlySet<ClearName>): TargetValues {
  const names = (['payment_terms', 'po_number', 'reference_number'] as const).filter((name) => clears.has(name));
  const { fields, addresses, tax_breakdown } = values;
  return {
    fields: { ...fields, ...Object.fromEntries(names.map((name) => [name, null])) },
    addresses: clears.has('remittance_address') ? { ...addresses, remit_to_address: null } : addresses,
    tax_breakdown: clears.has('tax_breakdown') ? new Map() : tax_breakdown,
  };
}

/** A correction, also one to the value that is there, is believed as much as its entry says; nothing else is. */
function confidences(invoice: Invoice, decisions: readonly FieldDecision[]): InvoicePatch {
  const corrections = decisions.flatMap(({ target, correction }) => (correction ? [{ target, correction }] : []));
  if (corrections.length === 0) {
    return {};
  }
  const map = new Map<string, Decimal>(invoice.field_confidence);
  for (const { target, correction } of corrections) {
    map.set(target.name, correction.confidence);
    if (target.name === 'bill_to_address') {
      map.delete('customer_address');
    }
  }
  return { field_confidence: map, extraction_confidence: extractionConfidence(map) };
}

function confirmations(
  invoice: Invoice,
  decisions: readonly FieldDecision[],
  overruled: readonly string[],
  confirmation: Confirmation,
): Map<string, Confirmation> {
  const map = new Map(invoice.field_confirmations);
  for (const name of overruled) {
    map.delete(name);
  }
  for (const { target } of decisions) {
    map.set(target.name, confirmation);
  }
  return map;
}
