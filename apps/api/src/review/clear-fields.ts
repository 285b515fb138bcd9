import { InvalidClearFieldsError } from '../errors.ts';
import { TAX_NAMES } from '../model/fields.ts';

/** What a review may clear by name, with the name that history lists and the names whose entries it overrules. */
const CLEARS = {
  line_items: { changes: 'line_items', overrules: [] },
  notes: { changes: 'notes', overrules: [] },
  payment_terms: { changes: 'payment_terms', overrules: ['payment_terms'] },
  po_number: { changes: 'po_number', overrules: ['po_number'] },
  reference_number: { changes: 'reference_number', overrules: ['reference_number'] },
  remittance_address: { changes: 'remit_to_address', overrules: ['remit_to_address'] },
  review_notes: { changes: 'review_notes', overrules: [] },
  tax_breakdown: { changes: 'tax_breakdown', overrules: TAX_NAMES },
} as const satisfies Record<string, { changes: string; overrules: readonly string[] }>;

/** A name that may be cleared. */
export type ClearName = keyof typeof CLEARS;

/**
 * Reads the names to clear; a name that is repeated counts once.
 *
 * @throws InvalidClearFieldsError when one of them may not be cleared.
 */
export function readClears(names: readonly string[]): ReadonlySet<ClearName> {
  const disallowed = [...new Set(names)].filter((name) => !Object.hasOwn(CLEARS, name));
  if (disallowed.length > 0) {
    throw new InvalidClearFieldsError(disallowed.sort(), Object.keys(CLEARS).sort());
  }
  return new Set(names as readonly ClearName[]);
}

/** The names that history lists as changed by clears. */
export function namesChangedBy(clears: ReadonlySet<ClearName>): string[] {
  return [...clears].map((clear) => CLEARS[clear].changes);
}

/** The names whose corrections and confirmations clears overrule. */
export function namesOverruledBy(clears: ReadonlySet<ClearName>): string[] {
  return [...clears].flatMap((clear): readonly string[] => CLEARS[clear].overrules);
}
