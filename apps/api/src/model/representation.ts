import { JsonNumber } from '../json/json.ts';
import { shownConfidence } from './extraction-confidence.ts';
import { LINE_FIELD_NAMES } from './fields.ts';
import type { Invoice, LineItem } from './invoice.ts';

/** An invoice as /api/v1 shows it: everything that is stored, with real nulls. */
export function representation(invoice: Invoice): object {
  const { fields, addresses, field_confirmations, line_items, ...rest } = invoice;
  return {
    ...rest,
    ...fields,
    ...addresses,
    extraction_confidence: shownConfidence(invoice.extraction_confidence),
    tax_breakdown: Object.fromEntries(invoice.tax_breakdown),
    field_confidence: Object.fromEntries(
      [...invoice.field_confidence].map(([name, value]) => [name, new JsonNumber(value)]),
    ),
    line_items: line_items.map(lineRepresentation),
  };
}

function lineRepresentation(line: LineItem): object {
  const { line_number, confidence, validated, validated_by, validated_at } = line;
  const values = Object.fromEntries(LINE_FIELD_NAMES.map((name) => [name, line[name]]));
  return { line_number, ...values, confidence: new JsonNumber(confidence), validated, validated_by, validated_at };
}
