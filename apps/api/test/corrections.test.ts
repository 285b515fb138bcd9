import { expect } from 'chai';
import { accepted, confirm, correct, handOver, history, stored, validate, view, writesNothing } from './support/api.ts';

const NOW = { now: () => new Date('2099-01-02T03:04:05.678Z') };
const CONFIRMED = { validated: true, validated_by: 'ann', validated_at: '2099-01-02T03:04:05.678Z' };
const UNCONFIRMED = { validated: false, validated_by: null, validated_at: null };
const ADDRESS = { street: '1 Rue', city: 'Laval', province: 'QC', postal_code: 'H7A', country: 'CA' };

async function review(field_validations: object[], rest: object = {}, version = 0) {
  const body = { invoice_id: 'A', expected_review_version: version, reviewer: 'ann', field_validations, ...rest };
  return accepted(body, NOW);
}

async function refused(entry: object): Promise<object[]> {
  const body = { invoice_id: 'A', expected_review_version: 0, field_validations: [entry] };
  const response = await writesNothing(() => validate(body));
  expect(response.status, response.text).to.equal(422);
  return response.body.detail;
}

describe('correcting and confirming fields', () => {
  beforeEach(async () => {
    await handOver({
      id: 'A',
      vendor_name: 'Acme',
      invoice_date: '2026-01-31',
      total_amount: '10',
      vendor_address: ADDRESS,
      tax_breakdown: { federal_tax: '5', other: '7' },
      field_confidence: { vendor_name: 0.5, customer_address: 0.4, po_number: 0 },
    });
  });

  it('leaves everything alone where validated is false, and keeps the note', async () => {
    const before = await stored('A');
    await review([
      { ...correct('vendor_name', 'Other'), validated: false, validation_notes: 'not sure' },
      { field_name: 'total_amount', value: 1, confidence: 0, corrected_value: 'NaN' },
    ]);

    const after = await stored('A');
    expect(after.vendor_name).to.equal('Acme');
    expect(after.field_confidence).to.deep.equal(before.field_confidence);
    expect((await view('A')).fields.vendor_name).to.include(UNCONFIRMED);
    const [entry] = await history('A');
    expect(entry.changed_fields).to.deep.equal([]);
    expect(entry.field_notes).to.deep.equal([{ field_name: 'vendor_name', notes: 'not sure' }]);
  });

  it('confirms a field without a corrected value and leaves its confidence alone', async () => {
    await review([confirm('vendor_name'), correct('po_number', null)]);

    const { fields, extraction_confidence } = await view('A');
    expect(fields.vendor_name).to.deep.equal({ value: 'Acme', confidence: 0.5, ...CONFIRMED });
    expect(fields.po_number).to.deep.equal({ value: null, confidence: 0, ...CONFIRMED });
    expect(extraction_confidence).to.equal('0');
    expect((await history('A'))[0].changed_fields).to.deep.equal([]);
  });

  it('names nobody where the reviewer named nobody', async () => {
    await review([confirm('vendor_name')], { reviewer: null });

    expect((await view('A')).fields.vendor_name).to.include({ ...CONFIRMED, validated_by: null });
  });

  it('stores a corrected value, confirms it and believes it as its entry says', async () => {
    await review([correct('vendor_name', 'Acme Ltd'), correct('po_number', 'PO', { confidence: 0 })]);

    const { fields } = await view('A');
    expect(fields.vendor_name).to.deep.equal({ value: 'Acme Ltd', confidence: 0.8, ...CONFIRMED });
    expect(fields.po_number).to.deep.equal({ value: 'PO', confidence: 0.9, ...CONFIRMED });
    expect((await history('A'))[0].changed_fields).to.deep.equal(['po_number', 'vendor_name']);
  });

  it('calls a field unchanged where the corrected value is the stored one', async () => {
    await review([correct('total_amount', '10.00'), correct('vendor_address', ADDRESS), correct('federal_tax', 5)]);

    expect((await history('A'))[0].changed_fields).to.deep.equal([]);
    expect((await view('A')).fields.total_amount).to.include({ value: '10', ...CONFIRMED });
    expect((await stored('A')).field_confidence).to.include({ total_amount: 0.8 });
  });

  it('empties a decimal, a date and a tax with an empty text, and keeps an empty text as it is', async () => {
    const names = ['total_amount', 'invoice_date', 'federal_tax', 'vendor_name'];
    await review(names.map((name) => correct(name, '')));

    expect(await stored('A')).to.deep.include({
      total_amount: null,
      invoice_date: null,
      vendor_name: '',
      tax_breakdown: { other: '7' },
    });
    expect((await history('A'))[0].changed_fields).to.deep.equal([...names].sort());
  });

  it('keeps fields, addresses and taxes that are not named', async () => {
    const before = await stored('A');
    await review([correct('entity', 'X'), correct('provincial_tax', '1.50')]);

    const after = await stored('A');
    expect(after).to.deep.include({
      ...before,
      entity: 'X',
      tax_breakdown: { federal_tax: '5', other: '7', provincial_tax: '1.5' },
      ...Object.fromEntries(
        ['review_version', 'review_status', 'reviewer', 'review_timestamp', 'updated_at'].map((key) => [
          key,
          after[key],
        ]),
      ),
      field_confidence: { ...before.field_confidence, entity: 0.8, provincial_tax: 0.8 },
      extraction_confidence: after.extraction_confidence,
    });
  });

  it('replaces a whole address; parts that are not sent become null', async () => {
    await review([correct('vendor_address', { city: 'Oslo' }), correct('remit_to_address', {})]);

    const { addresses } = await view('A');
    const nothing = { street: null, city: null, province: null, postal_code: null, country: null };
    expect(addresses.vendor_address).to.deep.equal({
      value: { ...nothing, city: 'Oslo' },
      confidence: 0.8,
      ...CONFIRMED,
    });
    expect(addresses.remit_to_address).to.deep.equal({ value: nothing, confidence: 0.8, ...CONFIRMED });
    expect((await history('A'))[0].changed_fields).to.deep.equal(['vendor_address']);
  });

  it('takes customer_address for bill_to_address', async () => {
    expect((await view('A')).addresses.bill_to_address.confidence).to.equal(0.4);
    await review([correct('customer_address', ADDRESS, { validation_notes: 'as sent' })]);

    const { addresses } = await view('A');
    expect(addresses.bill_to_address).to.deep.equal({ value: ADDRESS, confidence: 0.8, ...CONFIRMED });
    expect(addresses.customer_address).to.deep.equal(addresses.bill_to_address);
    expect((await stored('A')).field_confidence).to.have.property('bill_to_address', 0.8);
    expect((await stored('A')).field_confidence).not.to.have.property('customer_address');
    const [entry] = await history('A');
    expect(entry.changed_fields).to.deep.equal(['bill_to_address']);
    expect(entry.field_notes).to.deep.equal([{ field_name: 'customer_address', notes: 'as sent' }]);
  });

  it('lets a later confirmation take the place of an earlier one', async () => {
    await review([confirm('vendor_name')]);
    await review([confirm('vendor_name')], { reviewer: 'bob' }, 1);

    expect((await view('A')).fields.vendor_name.validated_by).to.equal('bob');
  });

  for (const [name, value, type] of [
    ['vendor_name', 5, 'string_type'],
    ['vendor_name', false, 'string_type'],
    ['vendor_name', { a: 1 }, 'string_type'],
    ['vendor_name', 'x'.repeat(4001), 'string_too_long'],
    ['vendor_name', 'a\0', 'string_invalid'],
    ['invoice_date', '31.01.2026', 'date_parsing'],
    ['invoice_date', '2026-02-30', 'date_parsing'],
    ['invoice_date', 20260131, 'date_parsing'],
    ['federal_tax', 'x', 'decimal_parsing'],
    ['customer_address', 'Oslo', 'address_type'],
    ['vendor_address', [], 'address_type'],
    ['vendor_address', 1, 'address_type'],
  ] as const) {
    it(`refuses ${JSON.stringify(value).slice(0, 20)} for ${name}`, async () => {
      const [problem, ...others] = await refused(correct(name, value));
      expect(others).to.deep.equal([]);
      expect(problem).to.deep.include({ type, loc: ['body', 'field_validations', 0, 'corrected_value'], input: value });
      expect(problem)
        .to.have.property('msg')
        .that.matches(new RegExp(`^${name}: `));
    });
  }

  it('calls a problem inside an address by the name of the field', async () => {
    const problems = await refused(correct('customer_address', { zip: '1', city: 2 }));

    expect(problems).to.deep.equal([
      { type: 'string_type', loc: loc('city'), msg: 'customer_address: not a text', input: 2 },
      { type: 'unknown_key', loc: loc('zip'), msg: 'customer_address: unknown key', input: '1' },
    ]);
  });

  for (const name of [
    'id',
    'status',
    'notes',
    'tax_breakdown',
    'line_items',
    'remittance_address',
    '',
    '__proto__',
    'Vendor_Name',
  ]) {
    for (const validated of [true, false]) {
      it(`refuses the name ${JSON.stringify(name)} when validated is ${validated}`, async () => {
        const [problem] = await refused({ field_name: name, value: null, confidence: 1, validated });
        expect(problem).to.deep.include({
          type: 'unknown_field',
          loc: ['body', 'field_validations', 0, 'field_name'],
          msg: 'field_name: unknown field',
          input: name,
        });
      });
    }
  }

  for (const [first, second] of [
    ['vendor_name', 'vendor_name'],
    ['customer_address', 'bill_to_address'],
  ] as const) {
    it(`refuses ${first} together with ${second}`, async () => {
      const field_validations = [confirm(first), { ...confirm(second), validated: false }];
      const response = await writesNothing(() =>
        validate({ invoice_id: 'A', expected_review_version: 0, field_validations }),
      );
      expect(response.status).to.equal(422);
      expect(response.body.detail[0]).to.deep.include({
        type: 'duplicate_field',
        loc: ['body', 'field_validations', 1, 'field_name'],
      });
    });
  }

  it('recomputes the confidence of the extraction, half up on the sixth digit', async () => {
    const recomputed = async (id: string, field_confidence: object, name: string, confidence: number) => {
      await handOver({ id, field_confidence, extraction_confidence: '0.123' });
      await accepted({
        invoice_id: id,
        expected_review_version: 0,
        field_validations: [correct(name, 'x', { confidence })],
      });
      return (await view(id)).extraction_confidence;
    };

    expect(await recomputed('only-important', { invoice_number: 0.5 }, 'vendor_name', 1)).to.equal('0.525');
    expect(await recomputed('both', { invoice_number: 0.5, currency: 0.9, entity: 0 }, 'vendor_id', 0.6)).to.equal(
      '0.575',
    );
    expect(await recomputed('plain-mean', { entity: 0, currency: 0.5 }, 'vendor_id', 0.5)).to.equal('0.333333');
    // 0.7 x 2/3 = 0.46666…: half up gives a 7.
    expect(await recomputed('thirds', { invoice_number: 0, subtotal: 1 }, 'vendor_name', 1)).to.equal('0.466667');
    // The mean 0.0000005 lies exactly between two values of six digits.
    expect(await recomputed('tie', { entity: 0 }, 'vendor_id', 0.000001)).to.equal('0.000001');
    expect(await recomputed('unrounded-steps', { a: 0.1, b: 0.1, total_amount: 0.1 }, 'vendor_id', 0.1)).to.equal(
      '0.1',
    );
  });
});

function loc(part: string): (string | number)[] {
  return ['body', 'field_validations', 0, 'corrected_value', part];
}
