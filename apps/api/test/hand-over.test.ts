import { expect } from 'chai';
import { api, get, handOver, post, stored, view, writesNothing } from './support/api.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const NOW = { now: () => new Date('2026-11-22T13:34:49.605Z') };

async function problems(body: unknown): Promise<{ pointer: string; code: string }[]> {
  const response = await writesNothing(() => post('/api/v1/invoices', body));
  expect(response.status, response.text).to.equal(422);
  expect(response.headers['content-type']).to.match(/^application\/problem\+json/);
  expect(response.body).to.include({ status: 422, title: 'Unprocessable Entity' });
  return response.body.errors.map(({ pointer, code }: { pointer: string; code: string }) => ({ pointer, code }));
}

describe('handing an invoice over', () => {
  it('accepts an empty object and chooses an id', async () => {
    const response = await post('/api/v1/invoices', {}, NOW);

    expect(response.status).to.equal(201);
    expect(response.body.id).to.match(UUID);
    expect(response.headers['location']).to.equal(`/api/v1/invoices/${response.body.id}`);
    expect(response.headers['etag']).to.equal('"0"');
    expect(response.body).to.deep.include({
      file_name: null,
      file_path: null,
      content_sha256: null,
      upload_date: '2026-11-22T13:34:49.605Z',
      status: 'EXTRACTED',
      processing_state: 'EXTRACTED',
      invoice_subtype: 'STANDARD_INVOICE',
      currency: 'CAD',
      review_version: 0,
      review_status: null,
      reviewer: null,
      review_timestamp: null,
      review_notes: null,
      extraction_timestamp: '2026-11-22T13:34:49.605Z',
      extraction_confidence: null,
      vendor_address: null,
      tax_breakdown: {},
      field_confidence: {},
      line_items: [],
      extensions: null,
      created_at: '2026-11-22T13:34:49.605Z',
      updated_at: '2026-11-22T13:34:49.605Z',
    });
    expect(Object.keys(response.body)).to.have.length(75);
  });

  it('gives the same representation when it is read back', async () => {
    const body = await handOver({ id: 'a.B-c_9', line_items: [{ line_number: 2 }, { line_number: 1, amount: '1' }] });

    const response = await get('/api/v1/invoices/a.B-c_9');
    expect(response.headers['etag']).to.equal('"0"');
    expect(response.body).to.deep.equal(body);
    expect(body.line_items.map((line: { line_number: number }) => line.line_number)).to.deep.equal([1, 2]);
    expect(body.line_items[0]).to.deep.include({ amount: '1', description: null, confidence: 0, validated: false });
    expect(Object.keys(body.line_items[0])).to.have.length(21);
  });

  it('leaves a pending invoice without an extraction time', async () => {
    const body = await handOver({ processing_state: 'PENDING' });

    expect(body).to.include({ status: 'processing', processing_state: 'PENDING', extraction_timestamp: null });
  });

  it('keeps texts verbatim', async () => {
    const texts = {
      vendor_name: ' Ünïcode 🧾 ',
      payment_terms: 'a\r\nb\tc',
      invoice_number: '',
      notes: '🧾'.repeat(2000),
    };

    expect(await handOver({ id: 'A', ...texts })).to.include(texts);
    expect(await stored('A')).to.include(texts);
  });

  it('keeps extensions as they were sent, every digit of them', async () => {
    const extensions =
      '{"shift_service":{"rate":1.10,"big":9007199254740993,"exp":1E+5,"isLosslessNumber":true,"__proto__":{"x":[]}},' +
      '"per_diem_travel":[{"day":"\\ud83e\\uddfe"},{}]}';
    const response = await post('/api/v1/invoices', `{"id":"A","extensions":${extensions}}`);

    const expected = extensions.replace('\\ud83e\\uddfe', '🧾');
    expect(response.text).to.contain(`"extensions":${expected}`);
    expect((await get('/api/v1/invoices/A')).text).to.contain(`"extensions":${expected}`);
  });

  it('keeps names of taxes and confidences that mean something to JavaScript', async () => {
    const names = '{"__proto__":0.5,"constructor":0.25,"toString":1}';
    await handOver(`{"id":"A","field_confidence":${names},"tax_breakdown":${names}}`);

    const { text } = await get('/api/v1/invoices/A');
    expect(text).to.contain(`"field_confidence":${names}`);
    expect(text).to.contain('"tax_breakdown":{"__proto__":"0.5","constructor":"0.25","toString":"1"}');
  });

  for (const sent of [
    ...['0', '-0.0', '0e9', '1', '1.0', '10e-1', '1e0', '0.7', '1e-7', '0.30000000000000004', '5e-324'],
    ...['2.2250738585072014e-308', `1.${'0'.repeat(100)}`, `0.${'1'.repeat(400)}`, '1e-99999999999999999999'],
  ]) {
    it(`keeps the confidence ${sent.slice(0, 30)} of a field and a line`, async () => {
      await handOver(
        `{"id":"A","field_confidence":{"entity":${sent}},"line_items":[{"line_number":1,"confidence":${sent}}]}`,
      );

      const { field_confidence, line_items } = await stored('A');
      expect([field_confidence.entity, line_items[0].confidence]).to.deep.equal(
        [Number(sent), Number(sent)].map(Math.abs),
      );
      const { fields, low_confidence_fields } = await view('A');
      expect(fields.entity.confidence).to.equal(Math.abs(Number(sent)));
      expect(low_confidence_fields).to.deep.equal(Number(sent) < 0.75 ? ['entity'] : []);
    });
  }

  for (const [sent, code] of [
    ['1.0000000000000000000000000000000000000000000000000000000000000000000000001', 'less_than_equal'],
    ['1e99999999999999999999', 'less_than_equal'],
    ['-1e-400', 'greater_than_equal'],
    ['"0.5"', 'float_parsing'],
  ] as const) {
    it(`refuses the confidence ${sent.slice(0, 30)}`, async () => {
      const response = await post('/api/v1/invoices', `{"field_confidence":{"entity":${sent}}}`);
      expect(response.status).to.equal(422);
      expect(response.body.errors[0]).to.include({ pointer: '/field_confidence/entity', code });
    });
  }

  it('fills the parts of an address that were not sent with null', async () => {
    const body = await handOver({ vendor_address: { city: 'Oslo' }, remit_to_address: {}, bill_to_address: null });

    const nothing = { street: null, city: null, province: null, postal_code: null, country: null };
    expect(body.vendor_address).to.deep.equal({ ...nothing, city: 'Oslo' });
    expect(body.remit_to_address).to.deep.equal(nothing);
    expect(body.bill_to_address).to.equal(null);
  });

  it('tells an absent subtype from a null one, and an absent currency from neither', async () => {
    expect(await handOver({ invoice_subtype: null, currency: null })).to.include({
      invoice_subtype: null,
      currency: 'CAD',
    });
    expect(await handOver({ invoice_subtype: 'PER_DIEM_TRAVEL_INVOICE', currency: 'EUR' })).to.include({
      invoice_subtype: 'PER_DIEM_TRAVEL_INVOICE',
      currency: 'EUR',
    });
  });

  it('drops taxes that are null', async () => {
    const body = await handOver({ tax_breakdown: { GST: '5.00', PST: null } });

    expect(body.tax_breakdown).to.deep.equal({ GST: '5' });
  });

  for (const [sent, reads] of [
    ['2026-11-22T13:34:49', '2026-11-22T13:34:49.000Z'],
    ['2026-11-22T13:34:49Z', '2026-11-22T13:34:49.000Z'],
    ['2026-11-22T13:34:49.123456789Z', '2026-11-22T13:34:49.123Z'],
    ['2026-11-22T13:34:49.9996Z', '2026-11-22T13:34:49.999Z'],
    ['2026-11-22T13:34:49.5+02:30', '2026-11-22T11:04:49.500Z'],
    ['2024-02-29T23:30:00-01:00', '2024-03-01T00:30:00.000Z'],
    ['0001-01-01T00:00:00', '0001-01-01T00:00:00.000Z'],
    ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
  ] as const) {
    it(`reads the upload date ${sent} as ${reads}`, async () => {
      expect(await handOver({ upload_date: sent })).to.include({ upload_date: reads });
    });
  }

  for (const sent of [
    ...[
      '',
      'now',
      '2026-11-22',
      '2026-11-22 13:34:49',
      '2026-11-22T13:34',
      '2026-02-29T00:00:00',
      '2026-11-22T24:00:00',
    ],
    ...['2026-11-22T13:60:00', '2026-11-22T13:34:60', '2026-11-22T13:34:49.', '2026-11-22T13:34:49.1234567890'],
    ...['2026-11-22T13:34:49+0200', '2026-11-22T13:34:49+24:00', '2026-11-22t13:34:49z', '0000-01-01T00:00:00'],
    ...['0001-01-01T00:00:00+01:00', '9999-12-31T23:59:59-01:00', '2026-11-22T13:34:49Z\n'],
  ]) {
    it(`refuses the upload date ${JSON.stringify(sent)}`, async () => {
      expect(await problems({ upload_date: sent })).to.deep.equal([{ pointer: '/upload_date', code: 'date_parsing' }]);
    });
  }

  for (const sent of [
    '2026-2-1',
    '2026-02-29',
    '2026-13-01',
    '2026-00-10',
    '2026-01-00',
    '0000-01-01',
    '20260101',
    '2026-01-01T00:00:00',
    ' 2026-01-01',
    20260101,
    true,
  ]) {
    it(`refuses the date ${JSON.stringify(sent)}`, async () => {
      expect(await problems({ due_date: sent })).to.deep.equal([{ pointer: '/due_date', code: 'date_parsing' }]);
    });
  }

  it('accepts the first, the last and a leap day, and reads an empty date as null', async () => {
    const dates = { invoice_date: '0001-01-01', due_date: '9999-12-31', period_start: '2024-02-29' };

    expect(await handOver({ ...dates, period_end: '' })).to.include({ ...dates, period_end: null });
  });

  for (const id of [
    '',
    '.',
    '..',
    'schema',
    'validate',
    'a b',
    'a/b',
    'é',
    'a\n',
    'x'.repeat(37),
    5,
    true,
    {},
    [],
    '\0',
  ]) {
    it(`refuses the id ${JSON.stringify(id)}`, async () => {
      const [problem, ...others] = await problems({ id });
      expect(problem?.pointer).to.equal('/id');
      expect(problem?.code).to.match(/^string_(type|too_long|invalid)$/);
      expect(others).to.deep.equal([]);
    });
  }

  it('keeps ids apart that differ only in case', async () => {
    await handOver({ id: 'inv', vendor_name: 'small' });
    await handOver({ id: 'INV', vendor_name: 'large' });

    expect((await stored('inv')).vendor_name).to.equal('small');
    expect((await stored('INV')).vendor_name).to.equal('large');
    expect((await get('/api/v1/invoices/Inv')).status).to.equal(404);
  });

  it('answers 409 when the id exists, and changes nothing', async () => {
    await handOver({ id: 'A', vendor_name: 'first', line_items: [{ line_number: 1 }] });

    const response = await writesNothing(() => post('/api/v1/invoices', { id: 'A', line_items: [{ line_number: 1 }] }));
    expect(response.status).to.equal(409);
    expect(response.headers['content-type']).to.match(/^application\/problem\+json/);
    expect(response.body).to.deep.equal({
      type: 'about:blank',
      title: 'Conflict',
      status: 409,
      detail: 'Invoice A already exists',
    });
  });

  it('answers 422 before 409', async () => {
    await handOver({ id: 'A' });

    expect(await problems({ id: 'A', due_date: 'x' })).to.have.length(1);
  });

  it('lists every problem of a body, with a pointer to each', async () => {
    const found = await problems({
      unknown: 1,
      'a/b~c': 1,
      vendor_name: 5,
      file_name: 'x'.repeat(256),
      notes: 'x'.repeat(4001),
      processing_state: 'VALIDATED',
      invoice_subtype: 'OTHER',
      vendor_address: { zip: '1', city: 1 },
      bill_to_address: 'Oslo',
      tax_breakdown: { '': '1', [`x${'y'.repeat(64)}`]: '1', ok: 'x' },
      field_confidence: { a: 1.5, b: -0.1, c: '0.5', d: null },
      extraction_confidence: '1.01',
      extensions: { other: {}, shift_service: [], per_diem_travel: [1], timesheet_data: 'x' },
      line_items: [
        { line_number: 1, color: 'red', description: 1, confidence: 2 },
        { line_number: '1' },
        {},
        null,
        { line_number: 0 },
        { line_number: 1000001 },
        { line_number: 1.5 },
        { line_number: true },
      ],
    });

    expect(found.map(({ pointer, code }) => `${pointer} ${code}`)).to.have.members([
      '/unknown unknown_key',
      '/a~1b~0c unknown_key',
      '/vendor_name string_type',
      '/file_name string_too_long',
      '/notes string_too_long',
      '/processing_state string_invalid',
      '/invoice_subtype string_invalid',
      '/vendor_address/zip unknown_key',
      '/vendor_address/city string_type',
      '/bill_to_address address_type',
      '/tax_breakdown/ string_invalid',
      `/tax_breakdown/x${'y'.repeat(64)} string_too_long`,
      '/tax_breakdown/ok decimal_parsing',
      '/field_confidence/a less_than_equal',
      '/field_confidence/b greater_than_equal',
      '/field_confidence/c float_parsing',
      '/field_confidence/d float_parsing',
      '/extraction_confidence less_than_equal',
      '/extensions/other unknown_key',
      '/extensions/shift_service dict_type',
      '/extensions/per_diem_travel/0 dict_type',
      '/extensions/timesheet_data dict_type',
      '/line_items/0/color unknown_key',
      '/line_items/0/description string_type',
      '/line_items/0/confidence less_than_equal',
      '/line_items/1/line_number duplicate_line',
      '/line_items/2/line_number missing',
      '/line_items/3 dict_type',
      '/line_items/4/line_number greater_than_equal',
      '/line_items/5/line_number less_than_equal',
      '/line_items/6/line_number int_parsing',
      '/line_items/7/line_number int_parsing',
    ]);
  });

  it('refuses text that a database cannot keep', async () => {
    for (const text of ['"a\\u0000b"', '"\\ud800"', '"\\udc00\\ud800"']) {
      expect(await problems(`{"vendor_name":${text}}`)).to.deep.equal([
        { pointer: '/vendor_name', code: 'string_invalid' },
      ]);
    }
  });

  it('lists a repeated line number beside any other problem of the lines', async () => {
    const found = await problems({ line_items: [{ line_number: 1, description: '\0' }, { line_number: 1 }] });

    expect(found.map(({ pointer, code }) => `${pointer} ${code}`)).to.have.members([
      '/line_items/0/description string_invalid',
      '/line_items/1/line_number duplicate_line',
    ]);
  });

  it('takes a thousand lines and refuses one more', async () => {
    const lines = (count: number) =>
      Array.from({ length: count }, (_, index) => ({ line_number: index + 1, amount: '1.10' }));

    const body = await handOver({ line_items: lines(1000) });
    expect((await stored(body.id)).line_items).to.have.length(1000);
    expect(await problems({ line_items: lines(1001) })).to.deep.equal([{ pointer: '/line_items', code: 'list_type' }]);
  });

  it('answers 404 for ids that are not there, whatever they look like', async () => {
    for (const id of ['nope', '%00', '__proto__', 'x'.repeat(5000), '..%2F..%2Fetc', '%F0%9F%A7%BE', "'%20OR%201=1"]) {
      const response = await api().get(`/api/v1/invoices/${id}`);
      expect(response.status, id).to.equal(404);
      expect(response.body).to.include({ status: 404, detail: `Invoice ${decodeURIComponent(id)} not found` });
    }
  });
});
