import { JsonNumber, type JsonObject } from '../json/json.ts';
import { lowConfidenceFields, shownConfidence } from '../model/extraction-confidence.ts';
import { ADDRESS_NAMES, ADDRESS_PARTS, type AddressName, FIELD_NAMES, type FieldName } from '../model/fields.ts';
import type { Address, Invoice, LineItem } from '../model/invoice.ts';

const NOT_EXTRACTED = 'Not extracted';
const NAMED_WHEN_ABSENT: readonly string[] = ['invoice_number', 'vendor_name', 'customer_name', 'currency'];
const NO_ADDRESS = Object.fromEntries(ADDRESS_PARTS.map((part) => [part, null])) as Address;

/** An invoice as a reviewer sees it. Its JSON Schema is review-schema.ts. */
export function reviewView(invoice: Invoice): object {
  const lowConfidence = lowConfidenceFields(invoice.field_confidence);
  const billTo = addressView(invoice, 'bill_to_address');
  return {
    invoice_id: invoice.id,
    status: invoice.status,
    file_name: invoice.file_name ?? NOT_EXTRACTED,
    file_path: invoice.file_path,
    upload_date: invoice.upload_date,
    extraction_confidence: shownConfidence(invoice.extraction_confidence) ?? '0',
    extraction_timestamp: invoice.extraction_timestamp,
    low_confidence_fields: lowConfidence,
    low_confidence_triggered: lowConfidence.length > 0,
    review_status: invoice.review_status ?? 'pending_review',
    reviewer: invoice.reviewer,
    review_timestamp: invoice.review_timestamp,
    review_version: invoice.review_version,
    fields: Object.fromEntries(FIELD_NAMES.map((name) => [name, fieldView(invoice, name)])),
    addresses: {
      ...Object.fromEntries(ADDRESS_NAMES.map((name) => [name, addressView(invoice, name)])),
      customer_address: billTo,
    },
    line_items: invoice.line_items.map(lineView),
    extensions: extensionsView(invoice.extensions),
    invoice_subtype: invoice.invoice_subtype,
  };
}

function fieldView(invoice: Invoice, name: FieldName): object {
  const value = invoice.fields[name] ?? (NAMED_WHEN_ABSENT.includes(name) ? NOT_EXTRACTED : null);
  const confidence = name === 'currency' ? '1' : (invoice.field_confidence.get(name) ?? '0');
  return { value, confidence: new JsonNumber(confidence), ...confirmationView(invoice, name) };
}

function addressView(invoice: Invoice, name: AddressName): object {
  const confidences = invoice.field_confidence;
  const alias = name === 'bill_to_address' ? confidences.get('customer_address') : undefined;
  const confidence = new JsonNumber(confidences.get(name) ?? alias ?? '0');
  return { value: invoice.addresses[name] ?? NO_ADDRESS, confidence, ...confirmationView(invoice, name) };
}

function confirmationView(invoice: Invoice, name: string): object {
  const confirmation = invoice.field_confirmations.get(name);
  return {
    validated: confirmation !== undefined,
    validated_by: confirmation?.by ?? null,
    validated_at: confirmation?.at ?? null,
  };
}

function lineView(line: LineItem): object {
  return {
    line_number: line.line_number,
    description: line.description ?? NOT_EXTRACTED,
    quantity: line.quantity,
    unit_price: line.unit_price,
    amount: line.amount ?? '0',
    confidence: new JsonNumber(line.confidence),
    unit_of_measure: line.unit_of_measure,
    tax_rate: line.tax_rate,
    tax_amount: line.tax_amount,
    gst_amount: line.gst_amount,
    pst_amount: line.pst_amount,
    qst_amount: line.qst_amount,
    combined_tax: line.combined_tax,
    project_code: line.project_code,
    cost_centre_code: line.cost_centre_code,
    airport_code: line.airport_code,
    validated: line.validated,
    validated_by: line.validated_by,
    validated_at: line.validated_at,
  };
}

function extensionsView(extensions: JsonObject | null): object | null {
  if (extensions === null) {
    return null;
  }
  const { shift_service = null, per_diem_travel = null, timesheet_data = null } = extensions;
  return { shift_service, per_diem_travel, timesheet_data };
}
