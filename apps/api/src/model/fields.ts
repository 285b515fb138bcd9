/** What a field holds. */
export type FieldKind = 'text' | 'decimal' | 'date';

/** The fields of an invoice with their kinds, in the order of the review view. */
export const FIELDS = {
  invoice_number: 'text',
  invoice_date: 'date',
  invoice_type: 'text',
  reference_number: 'text',
  due_date: 'date',
  vendor_name: 'text',
  vendor_id: 'text',
  vendor_phone: 'text',
  vendor_fax: 'text',
  vendor_email: 'text',
  vendor_website: 'text',
  business_number: 'text',
  gst_number: 'text',
  qst_number: 'text',
  pst_number: 'text',
  customer_name: 'text',
  customer_id: 'text',
  customer_phone: 'text',
  customer_email: 'text',
  customer_fax: 'text',
  entity: 'text',
  remit_to_name: 'text',
  po_number: 'text',
  contract_id: 'text',
  standing_offer_number: 'text',
  subtotal: 'decimal',
  tax_amount: 'decimal',
  total_amount: 'decimal',
  currency: 'text',
  payment_terms: 'text',
  tax_registration_number: 'text',
  discount_amount: 'decimal',
  shipping_amount: 'decimal',
  handling_fee: 'decimal',
  deposit_amount: 'decimal',
  gst_amount: 'decimal',
  gst_rate: 'decimal',
  hst_amount: 'decimal',
  hst_rate: 'decimal',
  qst_amount: 'decimal',
  qst_rate: 'decimal',
  pst_amount: 'decimal',
  pst_rate: 'decimal',
  payment_method: 'text',
  payment_due_upon: 'text',
  period_start: 'date',
  period_end: 'date',
  shipping_date: 'date',
  delivery_date: 'date',
} as const satisfies Record<string, FieldKind>;

/** The name of one of the fields. */
export type FieldName = keyof typeof FIELDS;

/** The names of the fields, in the order of the review view. */
export const FIELD_NAMES = Object.keys(FIELDS) as readonly FieldName[];

/** Whether a name is the name of a field. */
export function isFieldName(name: string): name is FieldName {
  return Object.hasOwn(FIELDS, name);
}

/** The stored addresses. */
export const ADDRESS_NAMES = ['vendor_address', 'bill_to_address', 'remit_to_address'] as const;

/** The name of a stored address. */
export type AddressName = (typeof ADDRESS_NAMES)[number];

/** The parts of an address. */
export const ADDRESS_PARTS = ['street', 'city', 'province', 'postal_code', 'country'] as const;

/** Taxes that a reviewer may correct; they are kept in the tax breakdown. */
export const TAX_NAMES = ['federal_tax', 'provincial_tax', 'combined_tax'] as const;

/** The name of a tax that a reviewer may correct. */
export type TaxName = (typeof TAX_NAMES)[number];

/** What a line holds besides its number, its confidence and its confirmation. */
export const LINE_FIELDS = {
  description: 'text',
  quantity: 'decimal',
  unit_price: 'decimal',
  amount: 'decimal',
  unit_of_measure: 'text',
  tax_rate: 'decimal',
  tax_amount: 'decimal',
  gst_amount: 'decimal',
  pst_amount: 'decimal',
  qst_amount: 'decimal',
  combined_tax: 'decimal',
  project_code: 'text',
  region_code: 'text',
  airport_code: 'text',
  cost_centre_code: 'text',
  acceptance_percentage: 'decimal',
} as const satisfies Record<string, FieldKind>;

/** The name of a value of a line. */
export type LineFieldName = keyof typeof LINE_FIELDS;

/** The names of a line's values. */
export const LINE_FIELD_NAMES = Object.keys(LINE_FIELDS) as readonly LineFieldName[];

/** The highest line number. */
export const MAX_LINE_NUMBER = 1_000_000;
