import { expect } from 'chai';
import { accepted, confirm, correct, handOver, history, stored, validate, view, writesNothing } from './support/api.ts';

const ADDRESS = { street: '1 Rue', city: 'Laval', province: 'QC', postal_code: 'H7A', country: 'CA' };
const ALLOWED = [
  ...['line_items', 'notes', 'payment_terms', 'po_number', 'reference_number', 'remittance_address', 'review_notes'],
  'tax_breakdown',
];

async function review(rest: object, version = 0) {
  return accepted({ invoice_id: 'A', expected_review_version: version, reviewer: 'ann', ...rest });
}

describe('clearing fields', () => {
  beforeEach(async () => {
    await handOver({
      id: 'A',
      po_number: 'PO-1',
      reference_number: 'R-1',
      payment_terms: '30 days',
      notes: 'handle with care',
      vendor_address: ADDRESS,
      remit_to_address: ADDRESS,
      tax_breakdown: { federal_tax: '5', other: '7' },
      line_items: [{ line_number: 1 }, { line_number: 2, amount: '3' }],
      field_confidence: { po_number: 0.5 },
    });
  });

  it('clears what is named and nothing else', async () => {
    const before = await stored('A');
    await review({ validation_notes: 'first' });
    await review({ clear_fields: ALLOWED }, 1);

    const after = await stored('A');
    const cleared = {
      ...{ po_number: null, reference_number: null, payment_terms: null, notes: null, review_notes: null },
      ...{ remit_to_address: null, tax_breakdown: {}, line_items: [] },
    };
    const moved = ['review_version', 'review_status', 'reviewer', 'review_timestamp', 'updated_at'];
    expect(after).to.deep.equal({
      ...before,
      ...cleared,
      ...Object.fromEntries(moved.map((name) => [name, after[name]])),
    });
    expect((await history('A'))[1].changed_fields).to.deep.equal([
      ...['line_items', 'notes', 'payment_terms', 'po_number', 'reference_number', 'remit_to_address', 'review_notes'],
      'tax_breakdown',
    ]);
  });

  it('never touches the history', async () => {
    await review({ validation_notes: 'first' });
    await review({ validation_notes: 'second', clear_fields: ['review_notes'] }, 1);

    expect((await stored('A')).review_notes).to.equal(null);
    expect((await history('A')).map((entry) => entry.notes)).to.deep.equal(['first', 'second']);
  });

  for (const clear_fields of [undefined, null, []]) {
    it(`clears nothing for ${JSON.stringify(clear_fields)}`, async () => {
      await review({ clear_fields });

      expect((await history('A'))[0].changed_fields).to.deep.equal([]);
      expect((await stored('A')).po_number).to.equal('PO-1');
    });
  }

  it('wins over corrections and confirmations of the same thing', async () => {
    await review({
      field_validations: [
        correct('po_number', 'PO-2', { validation_notes: 'typo' }),
        confirm('payment_terms'),
        correct('remit_to_address', { city: 'Oslo' }),
        correct('federal_tax', '6'),
        correct('vendor_name', 'Acme'),
      ],
      line_item_validations: [
        { line_number: 1, validated: true, corrections: { amount: '9' } },
        { line_number: 5, validated: true, corrections: { amount: '9' } },
      ],
      clear_fields: ['po_number', 'payment_terms', 'remittance_address', 'tax_breakdown', 'line_items', 'po_number'],
    });

    const { fields, addresses, line_items } = await view('A');
    const unconfirmed = { validated: false, validated_by: null, validated_at: null };
    expect(fields.po_number).to.deep.equal({ value: null, confidence: 0.5, ...unconfirmed });
    expect(fields.payment_terms).to.deep.equal({ value: null, confidence: 0, ...unconfirmed });
    expect(addresses.remit_to_address).to.deep.include({ confidence: 0, ...unconfirmed });
    expect(line_items).to.deep.equal([]);
    expect(await stored('A')).to.deep.include({ remit_to_address: null, tax_breakdown: {}, vendor_name: 'Acme' });
    const [entry] = await history('A');
    expect(entry.changed_fields).to.deep.equal([
      ...['line_items', 'payment_terms', 'po_number', 'remit_to_address', 'tax_breakdown', 'vendor_name'],
    ]);
    expect(entry.field_notes).to.deep.equal([{ field_name: 'po_number', notes: 'typo' }]);
  });

  it('resets the confirmation of what it clears', async () => {
    await review({ field_validations: [confirm('po_number'), confirm('vendor_address')] });
    await review({ clear_fields: ['po_number'] }, 1);

    const { fields, addresses } = await view('A');
    expect(fields.po_number).to.include({ validated: false, validated_by: null, validated_at: null });
    expect(addresses.vendor_address.validated).to.equal(true);
  });

  it('refuses other names with both lists sorted, before it looks at values or the version', async () => {
    const response = await writesNothing(() =>
      validate({
        invoice_id: 'A',
        expected_review_version: 9,
        clear_fields: ['status', 'po_number', 'id', 'status'],
        field_validations: [correct('total_amount', 'NaN')],
      }),
    );

    expect(response.status).to.equal(400);
    expect(response.body).to.deep.equal({
      detail: {
        error_code: 'INVALID_CLEAR_FIELDS',
        message: "Cannot clear protected fields: ['id', 'status']",
        disallowed_fields: ['id', 'status'],
        allowed_fields: ALLOWED,
      },
    });
  });

  for (const name of [
    'review_history',
    'remit_to_address',
    '__proto__',
    'constructor',
    '',
    'PO_NUMBER',
    'vendor_name',
  ]) {
    it(`refuses to clear ${JSON.stringify(name)}`, async () => {
      const body = { invoice_id: 'A', expected_review_version: 0, clear_fields: [name] };
      const response = await writesNothing(() => validate(body));
      expect(response.status).to.equal(400);
      expect(response.body.detail.disallowed_fields).to.deep.equal([name]);
    });
  }
});
