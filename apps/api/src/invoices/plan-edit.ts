import { ADDRESS_NAMES, ADDRESS_PARTS, FIELD_NAMES, TAX_NAMES } from '../model/fields.ts';
import type { Address, Invoice } from '../model/invoice.ts';
import type { InvoicePatch } from '../model/invoice-store.ts';
import type { Decimal } from '../money/decimal.ts';
import type { InvoiceEdit } from './edit-request.ts';

/** What an edit does to an invoice. */
export interface EditPlan {
  readonly patch: InvoicePatch;
  /** Names whose value is another one afterwards, as the history calls them. */
  readonly changed: readonly string[];
}

/** Merges an edit with what is there (RFC 7396); a value that becomes another one loses its confirmation. */
export function planEdit(invoice: Invoice, edit: InvoiceEdit): EditPlan {
  const { fields, addresses, tax_breakdown } = mergedValues(invoice, edit);
  const notes = edit.notes === undefined ? invoice.notes : edit.notes;
  const changed = [
    ...FIELD_NAMES.filter((name) => fields[name] !== invoice.fields[name]),
    ...ADDRESS_NAMES.filter((name) => addresses[name] !== invoice.addresses[name]),
    ...changedTaxes(invoice.tax_breakdown, tax_breakdown),
    ...(notes === invoice.notes ? [] : ['notes']),
  ];
  const field_confirmations = new Map([...invoice.field_confirmations].filter(([name]) => !changed.includes(name)));
  return { patch: { fields, addresses, tax_breakdown, notes, field_confirmations }, changed };
}

function mergedValues(invoice: Invoice, edit: InvoiceEdit): Pick<Invoice, 'fields' | 'addresses' | 'tax_breakdown'> {
  const fields = Object.fromEntries(
    FIELD_NAMES.map((name) => [name, edit[name] === undefined ? invoice.fields[name] : edit[name]]),
  ) as Invoice['fields'];
  const addresses = Object.fromEntries(
    ADDRESS_NAMES.map((name) => [name, mergedAddress(invoice.addresses[name], edit[name])]),
  ) as Invoice['addresses'];
  return { fields, addresses, tax_breakdown: mergedTaxes(invoice.tax_breakdown, edit.tax_breakdown) };
}

/** The very same address when nothing about it is new; none at all and one without any part are the same. */
function mergedAddress(stored: Address | null, edit: Partial<Address> | null | undefined): Address | null {
  const merged = edit === null ? NO_ADDRESS : { ...NO_ADDRESS, ...stored, ...edit };
  if (ADDRESS_PARTS.every((part) => merged[part] === (stored?.[part] ?? null))) {
    return stored;
  }
  return edit === null ? null : merged;
}

const NO_ADDRESS = Object.fromEntries(ADDRESS_PARTS.map((part) => [part, null])) as Address;

function mergedTaxes(
  stored: ReadonlyMap<string, Decimal>,
  edit: ReadonlyMap<string, Decimal | null> | null | undefined,
): ReadonlyMap<string, Decimal> {
  if (edit === null) {
    return new Map();
  }
  const merged = new Map<string, Decimal>(stored);
  for (const [name, value] of edit ?? []) {
    if (value === null) {
      merged.delete(name);
    } else {
      merged.set(name, value);
    }
  }
  return merged;
}

/** Taxes that can be confirmed by their names, any other one as a part of the whole. */
function changedTaxes(before: ReadonlyMap<string, Decimal>, after: ReadonlyMap<string, Decimal>): string[] {
  const names = [...before.keys(), ...after.keys()].filter((name) => before.get(name) !== after.get(name));
  return names.map((name) => TAX_NAMES.find((tax) => tax === name) ?? 'tax_breakdown');
}
