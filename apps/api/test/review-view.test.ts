import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect } from 'chai';
import { accepted, correct, get, handOver, type Json, view } from './support/api.ts';

const FIELD_NAMES = `invoice_number, invoice_date, invoice_type, reference_number, due_date, vendor_name, vendor_id,
  vendor_phone, vendor_fax, vendor_email, vendor_website, business_number, gst_number, qst_number, pst_number,
  customer_name, customer_id, customer_phone, customer_email, customer_fax, entity, remit_to_name, po_number,
  contract_id, standing_offer_number, subtotal, tax_amount, total_amount, currency, payment_terms,
  tax_registration_number, discount_amount, shipping_amount, handling_fee, deposit_amount, gst_amount, gst_rate,
  hst_amount, hst_rate, qst_amount, qst_rate, pst_amount, pst_rate, payment_method, payment_due_upon, period_start,
  period_end, shipping_date, delivery_date`.split(/,\s+/);

const UNSEEN = { confidence: 0, validated: false, validated_by: null, validated_at: null };

async function schemaCheck(): Promise<(body: Json) => void> {
  const schema = (await get('/api/hitl/invoice/schema')).body;
  const check = new Ajv2020({ strict: true, allErrors: true }).compile(schema);
  return (body) => expect(check(body), JSON.stringify(check.errors)).to.equal(true);
}

describe('what a reviewer sees of an invoice', () => {
  it('has the 18 keys, the 49 fields in order and the four addresses of an empty invoice', async () => {
    await handOver({ id: 'A' }, { now: () => new Date('2026-11-22T13:34:49.605Z') });

    const { fields, addresses, ...rest } = await view('A');
    expect(rest).to.deep.equal({
      ...{ invoice_id: 'A', status: 'EXTRACTED', file_name: 'Not extracted', file_path: null },
      ...{ upload_date: '2026-11-22T13:34:49.605Z', extraction_timestamp: '2026-11-22T13:34:49.605Z' },
      ...{ extraction_confidence: '0', low_confidence_fields: [], low_confidence_triggered: false },
      ...{ review_status: 'pending_review', reviewer: null, review_timestamp: null, review_version: 0 },
      ...{ line_items: [], extensions: null, invoice_subtype: 'STANDARD_INVOICE' },
    });
    expect(Object.keys(fields)).to.deep.equal(FIELD_NAMES);
    const named = ['invoice_number', 'vendor_name', 'customer_name'];
    for (const name of FIELD_NAMES.filter((each) => each !== 'currency')) {
      expect(fields[name]).to.deep.equal({ value: named.includes(name) ? 'Not extracted' : null, ...UNSEEN });
    }
    expect(fields.currency).to.deep.equal({ value: 'CAD', ...UNSEEN, confidence: 1 });
    const nothing = { street: null, city: null, province: null, postal_code: null, country: null };
    expect(addresses).to.deep.equal({
      vendor_address: { value: nothing, ...UNSEEN },
      bill_to_address: { value: nothing, ...UNSEEN },
      remit_to_address: { value: nothing, ...UNSEEN },
      customer_address: { value: nothing, ...UNSEEN },
    });
  });

  it('shows the 19 values of a line, lines in order', async () => {
    await handOver({
      id: 'A',
      line_items: [{ line_number: 12, confidence: 0.25, region_code: 'R' }, { line_number: 3 }],
    });

    const { line_items } = await view('A');
    expect(line_items.map((line: Json) => line.line_number)).to.deep.equal([3, 12]);
    expect(line_items[1]).to.deep.equal({
      ...{
        line_number: 12,
        description: 'Not extracted',
        quantity: null,
        unit_price: null,
        amount: '0',
        confidence: 0.25,
      },
      ...{
        unit_of_measure: null,
        tax_rate: null,
        tax_amount: null,
        gst_amount: null,
        pst_amount: null,
        qst_amount: null,
      },
      ...{ combined_tax: null, project_code: null, cost_centre_code: null, airport_code: null },
      ...{ validated: false, validated_by: null, validated_at: null },
    });
  });

  it('lists the names with a confidence below 0.75 as they are stored', async () => {
    const field_confidence = { currency: 0.1, 'Odd Name': 0.7499999, vendor_name: 0.75, __x: 0, due_date: 0.9 };
    await handOver({ id: 'A', field_confidence });

    const body = await view('A');
    expect(body.low_confidence_fields).to.have.members(['currency', 'Odd Name', '__x']);
    expect(body.low_confidence_triggered).to.equal(true);
    expect(body.fields.currency.confidence).to.equal(1);
  });

  it('takes the confidence of bill_to_address before that of customer_address', async () => {
    await handOver({ id: 'alias', field_confidence: { customer_address: 0.6 } });
    await handOver({ id: 'both', field_confidence: { customer_address: 0.6, bill_to_address: 0.2 } });

    expect((await view('alias')).addresses.bill_to_address.confidence).to.equal(0.6);
    expect((await view('both')).addresses.bill_to_address.confidence).to.equal(0.2);
    expect((await view('both')).addresses.customer_address.confidence).to.equal(0.2);
  });

  it('shows each of the extensions, null where one is absent', async () => {
    await handOver({ id: 'none', extensions: {} });
    await handOver({ id: 'some', extensions: { per_diem_travel: [{ day: 1 }], timesheet_data: { x: [null, true] } } });

    expect((await view('none')).extensions).to.deep.equal({
      shift_service: null,
      per_diem_travel: null,
      timesheet_data: null,
    });
    expect((await view('some')).extensions).to.deep.equal({
      shift_service: null,
      per_diem_travel: [{ day: 1 }],
      timesheet_data: { x: [null, true] },
    });
  });

  it('shows a confidence of the extraction with six digits at most', async () => {
    for (const [id, sent, shown] of [
      ['tie', '0.1234565', '0.123457'],
      ['below', '0.12345649', '0.123456'],
      ['zeros', '0.500000', '0.5'],
      ['one', '1.0', '1'],
      ['nearly', '0.9999999', '1'],
    ] as const) {
      await handOver({ id, extraction_confidence: sent });
      expect((await view(id)).extraction_confidence).to.equal(shown);
    }
  });

  it('has the version as its entity tag', async () => {
    await handOver({ id: 'A' });
    expect((await get('/api/hitl/invoice/A')).headers['etag']).to.equal('"0"');
    await accepted({ invoice_id: 'A', expected_review_version: 0 });
    expect((await get('/api/hitl/invoice/A')).headers['etag']).to.equal('"1"');
  });
});

describe('the JSON Schema of the review view', () => {
  it('accepts empty, full and reviewed invoices', async () => {
    const expectValid = await schemaCheck();
    await handOver({ id: 'empty', invoice_subtype: null });
    await handOver({
      id: 'full',
      ...Object.fromEntries(FIELD_NAMES.map((name) => [name, valueFor(name)])),
      vendor_address: { city: 'Oslo' },
      field_confidence: { vendor_name: 0.5, total_amount: 1 },
      extraction_confidence: '0.5',
      extensions: { shift_service: { rate: 1.5 }, per_diem_travel: [{ a: { b: [] } }] },
      line_items: [{ line_number: 1, amount: '-0.10', quantity: '2', confidence: 1 }, { line_number: 1000000 }],
      file_name: 'a.pdf',
    });

    expectValid(await view('empty'));
    expectValid(await view('full'));
    await accepted({
      invoice_id: 'full',
      expected_review_version: 0,
      reviewer: 'ann',
      field_validations: [correct('total_amount', '-7.25'), correct('due_date', ''), correct('bill_to_address', {})],
      line_item_validations: [{ line_number: 1, validated: true }],
    });
    expectValid(await view('full'));
  });

  it('requires every key and allows no other, at every level', async () => {
    const { body: schema } = await get('/api/hitl/invoice/schema');
    const check = new Ajv2020({ strict: true }).compile(schema);
    await handOver({ id: 'A', line_items: [{ line_number: 1 }], extensions: { shift_service: {} } });
    const body = await view('A');

    expect(schema.$schema).to.equal('https://json-schema.org/draft/2020-12/schema');
    for (const path of [
      [],
      ['fields'],
      ['fields', 'due_date'],
      ['addresses'],
      ['addresses', 'vendor_address', 'value'],
      ['line_items', 0],
      ['extensions'],
    ]) {
      const part = (from: Json) => path.reduce((value, step) => value[step], from);
      for (const key of Object.keys(part(body))) {
        const without = structuredClone(body);
        delete part(without)[key];
        expect(check(without), `${path.join('.')} without ${key}`).to.equal(false);
      }
      const more = structuredClone(body);
      part(more).another = null;
      expect(check(more), `${path.join('.')} with another key`).to.equal(false);
    }
  });

  it('refuses amounts that are numbers or spelled in another way', async () => {
    const { body: schema } = await get('/api/hitl/invoice/schema');
    const check = new Ajv2020({ strict: true }).compile(schema);
    await handOver({ id: 'A' });
    const body = await view('A');

    for (const value of [1, '1.0', '1.', '01', '-0', '1e3', '']) {
      body.fields.total_amount.value = value;
      expect(check(body), JSON.stringify(value)).to.equal(false);
    }
    for (const value of [null, '0', '-0.5', '10', '10.01']) {
      body.fields.total_amount.value = value;
      expect(check(body), JSON.stringify(value)).to.equal(true);
    }
  });
});

function valueFor(name: string): string {
  if (/_date$|^period/.test(name)) {
    return '2026-01-31';
  }
  return /amount|rate|fee|subtotal/.test(name) ? '12.50' : name;
}
