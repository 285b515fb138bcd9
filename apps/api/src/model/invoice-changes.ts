import type { Change } from '../audit/audit-entry.ts';
import { JsonNumber, writeJson } from '../json/json.ts';
import { ADDRESS_PARTS } from './fields.ts';
import type { Invoice, LineItem } from './invoice.ts';

type Values = Map<string, unknown>;

/**
 * What a write made of an invoice: each value that is another one after it, by the keys that lead to it. A new invoice
 * is compared with nothing. The id and the version are not among them, as each entry of the audit log has them anyway.
 */
export function invoiceChanges(before: Invoice | null, after: Invoice): Change[] {
  const [old, now] = [before === null ? new Map() : valuesOf(before), valuesOf(after)];
  const fields = [...new Set([...old.keys(), ...now.keys()])];
  return fields
    .map((field) => ({ field, old: old.get(field) ?? null, new: now.get(field) ?? null }))
    .filter((change) => change.old !== change.new && writeJson(change.old) !== writeJson(change.new));
}

/** Every value of an invoice as it is on the wire. */
function valuesOf(invoice: Invoice): Values {
  const { id, review_version, fields, addresses, tax_breakdown, ...others } = invoice;
  const { field_confidence, field_confirmations, extensions, line_items, ...plain } = others;
  const values: Values = new Map<string, unknown>([...Object.entries(plain), ...Object.entries(fields)]);
  for (const [name, address] of Object.entries(addresses)) {
    add(
      values,
      name,
      ADDRESS_PARTS.map((part) => [part, address?.[part]]),
    );
  }
  add(values, 'tax_breakdown', tax_breakdown);
  add(
    values,
    'field_confidence',
    [...field_confidence].map(([name, value]) => [name, new JsonNumber(value)]),
  );
  add(values, 'field_confirmations', field_confirmations);
  add(values, 'extensions', Object.entries(extensions ?? {}));
  for (const line of line_items) {
    add(values, `line_items/${line.line_number}`, Object.entries(lineValues(line)));
  }
  return values;
}

function lineValues({ confidence, ...line }: LineItem): object {
  return { ...line, confidence: new JsonNumber(confidence) };
}

function add(values: Values, place: string, named: Iterable<readonly [string, unknown]>): void {
  for (const [name, value] of named) {
    // As in a JSON Pointer: names of taxes and of confidences are whatever the extraction calls them.
    values.set(`${place}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`, value);
  }
}
