import {
  ADDRESS_NAMES,
  ADDRESS_PARTS,
  type AddressName,
  type FieldName,
  isFieldName,
  TAX_NAMES,
  type TaxName,
} from '../model/fields.ts';
import type { Address, Invoice } from '../model/invoice.ts';

/** What a reviewer can confirm or correct by name. */
export type Target =
  | { readonly area: 'field'; readonly name: FieldName }
  | { readonly area: 'address'; readonly name: AddressName }
  | { readonly area: 'tax'; readonly name: TaxName };

/** A value that a reviewer can put in place. */
export type TargetValue = string | Address | null;

/** What a name stands for; undefined for a name that means nothing here. */
export function targetOf(name: string): Target | undefined {
  if (isFieldName(name)) {
    return { area: 'field', name };
  }
  const address = ADDRESS_NAMES.find((each) => each === (name === 'customer_address' ? 'bill_to_address' : name));
  if (address !== undefined) {
    return { area: 'address', name: address };
  }
  const tax = TAX_NAMES.find((each) => each === name);
  return tax === undefined ? undefined : { area: 'tax', name: tax };
}

/** The parts of an invoice that targets are in. */
export type TargetValues = Pick<Invoice, 'fields' | 'addresses' | 'tax_breakdown'>;

/** Whether a target holds a value already; an absent address and one without any part are the same. */
export function holds(values: TargetValues, target: Target, value: TargetValue): boolean {
  switch (target.area) {
    case 'field':
      return values.fields[target.name] === value;
    case 'address':
      return sameAddress(values.addresses[target.name], value as Address | null);
    case 'tax':
      return (values.tax_breakdown.get(target.name) ?? null) === value;
  }
}

/** The values with one of them replaced; a tax without a value is not there. */
export function withValue(values: TargetValues, target: Target, value: TargetValue): TargetValues {
  switch (target.area) {
    case 'field':
      return { ...values, fields: { ...values.fields, [target.name]: value } };
    case 'address':
      return { ...values, addresses: { ...values.addresses, [target.name]: value } };
    case 'tax':
      return { ...values, tax_breakdown: withTax(values.tax_breakdown, target.name, value as string | null) };
  }
}

function withTax(taxes: ReadonlyMap<string, string>, name: TaxName, value: string | null): Map<string, string> {
  const others = [...taxes].filter(([each]) => each !== name);
  return new Map(value === null ? others : [...others, [name, value]]);
}

function sameAddress(a: Address | null, b: Address | null): boolean {
  return ADDRESS_PARTS.every((part) => (a?.[part] ?? null) === (b?.[part] ?? null));
}
