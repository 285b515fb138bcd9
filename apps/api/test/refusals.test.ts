import { expect } from 'chai';
import { api, get, handOver, type Json, post, validate, writesNothing } from './support/api.ts';

const VALIDATE = '/api/hitl/invoice/validate';
const HAND_OVER = '/api/v1/invoices';
const EVERYTHING = { invoice_id: 'A', expected_review_version: 0 };

/** Type and place of each problem that a review is refused for. */
async function problems(body: unknown): Promise<string[]> {
  const response = await writesNothing(() => validate(body));
  expect(response.status, response.text).to.equal(422);
  expect(response.body.detail).to.be.an('array').that.is.not.empty;
  for (const problem of response.body.detail) {
    expect(problem).to.have.all.keys('type', 'loc', 'msg', 'input');
    expect(problem.msg).to.match(new RegExp(`^${problem.loc.findLast((step: unknown) => typeof step === 'string')}: `));
  }
  return response.body.detail.map((problem: Json) => `${problem.loc.join('.')} ${problem.type}`);
}

describe('reviews that are refused', () => {
  beforeEach(async () => {
    await handOver({ id: 'A', vendor_name: 'Acme', line_items: [{ line_number: 1, amount: '1' }] });
  });

  it('lists every problem of the shape', async () => {
    const found = await problems({
      invoice_id: 5,
      field_validations: [
        {},
        7,
        { field_name: 1, value: null, confidence: '0.5', validated: 'true', validation_notes: 1 },
      ],
      line_item_validations: [
        {},
        { line_number: 0, validated: 1, corrections: [] },
        { line_number: 1000001, corrections: 'x' },
      ],
      overall_validation_status: null,
      validation_notes: 'x'.repeat(4001),
      reviewer: 'x'.repeat(201),
      clear_fields: ['a\0', 5],
    });

    expect(found).to.have.members([
      'body.invoice_id string_type',
      'body.expected_review_version missing',
      'body.field_validations.0.field_name missing',
      'body.field_validations.0.value missing',
      'body.field_validations.0.confidence missing',
      'body.field_validations.1 dict_type',
      'body.field_validations.2.field_name string_type',
      'body.field_validations.2.confidence float_parsing',
      'body.field_validations.2.validated bool_type',
      'body.field_validations.2.validation_notes string_type',
      'body.line_item_validations.0.line_number missing',
      'body.line_item_validations.1.line_number greater_than_equal',
      'body.line_item_validations.1.validated bool_type',
      'body.line_item_validations.1.corrections dict_type',
      'body.line_item_validations.2.line_number less_than_equal',
      'body.line_item_validations.2.corrections dict_type',
      'body.overall_validation_status string_type',
      'body.validation_notes string_too_long',
      'body.reviewer string_too_long',
      'body.clear_fields.0 string_invalid',
      'body.clear_fields.1 string_type',
    ]);
  });

  it('wants an id and a version', async () => {
    expect(await problems({})).to.deep.equal(['body.invoice_id missing', 'body.expected_review_version missing']);
  });

  it('wants lists for lists', async () => {
    expect(
      await problems({ ...EVERYTHING, field_validations: {}, line_item_validations: 'x', clear_fields: 1 }),
    ).to.deep.equal([
      'body.field_validations list_type',
      'body.line_item_validations list_type',
      'body.clear_fields list_type',
    ]);
  });

  for (const version of ['true', 'null', '1.5', '"x"', '""', '"1e3"', '" 3"', '[]', '{}', '3.00000000000000000001']) {
    it(`refuses ${version} for a version`, async () => {
      expect(await problems(`{"invoice_id":"A","expected_review_version":${version}}`)).to.deep.equal([
        'body.expected_review_version int_parsing',
      ]);
    });
  }

  for (const [confidence, type] of [
    ['-0.1', 'greater_than_equal'],
    ['1.0000000001', 'less_than_equal'],
    ['2', 'less_than_equal'],
    ['true', 'float_parsing'],
    ['null', 'float_parsing'],
    ['"1"', 'float_parsing'],
    ['{}', 'float_parsing'],
  ]) {
    it(`refuses ${confidence} for a confidence`, async () => {
      const entry = `{"field_name":"entity","value":null,"confidence":${confidence}}`;
      expect(
        await problems(`{"invoice_id":"A","expected_review_version":0,"field_validations":[${entry}]}`),
      ).to.deep.equal([`body.field_validations.0.confidence ${type}`]);
    });
  }

  it('accepts the limits of its texts and refuses one character more', async () => {
    const limits = { reviewer: 200, overall_validation_status: 50, validation_notes: 4000 };
    for (const [name, most] of Object.entries(limits)) {
      expect(await problems({ ...EVERYTHING, [name]: 'x'.repeat(most + 1) })).to.deep.equal([
        `body.${name} string_too_long`,
      ]);
    }
    const longest = Object.fromEntries(Object.entries(limits).map(([name, most]) => [name, '🧾'.repeat(most / 2)]));
    expect((await validate({ ...EVERYTHING, ...longest })).status).to.equal(200);
  });

  it('answers 404 for an invoice that is not there, whatever its id and whatever else is wrong', async () => {
    for (const id of ['nope', '', 'a', 'A ', '\0', 'x'.repeat(5000), '../etc', '__proto__', '\ud800', 'schema']) {
      const response = await writesNothing(() => validate({ ...EVERYTHING, invoice_id: id, clear_fields: ['id'] }));
      expect(response.status, JSON.stringify(id)).to.equal(404);
      expect(response.body).to.deep.equal({ detail: `Invoice ${id} not found` });
    }
  });

  it('answers 409 for a state that cannot be reviewed, before it looks at what to clear', async () => {
    await handOver({ id: 'P', processing_state: 'PENDING' });

    const response = await writesNothing(() =>
      validate({ invoice_id: 'P', expected_review_version: 9, clear_fields: ['id'] }),
    );
    expect(response.status).to.equal(409);
    expect(response.body).to.deep.equal({
      detail: {
        error_code: 'INVALID_STATE_TRANSITION',
        message: 'Invoice state PENDING cannot be validated',
        invoice_id: 'P',
        current_state: 'PENDING',
        attempted_to_state: 'VALIDATED',
      },
    });
  });

  it('looks at the shape before the invoice, and at values before the version', async () => {
    expect(await problems({ invoice_id: 'nope', expected_review_version: 'x' })).to.have.length(1);
    const entry = { field_name: 'nope', value: null, confidence: 1 };
    expect(await problems({ invoice_id: 'A', expected_review_version: 9, field_validations: [entry] })).to.deep.equal([
      'body.field_validations.0.field_name unknown_field',
    ]);
  });

  it('rolls everything back when a line rule fails at the very end', async () => {
    expect(
      await problems({
        ...EVERYTHING,
        overall_validation_status: 'validated',
        field_validations: [
          { field_name: 'vendor_name', value: null, confidence: 1, validated: true, corrected_value: 'X' },
        ],
        line_item_validations: [
          { line_number: 1, validated: true, corrections: { delete: true } },
          { line_number: 1, validated: true },
        ],
        clear_fields: ['notes'],
      }),
    ).to.deep.equal(['body.line_item_validations.1.line_number line_not_found']);
  });
});

describe('bodies that cannot be read', () => {
  const broken: [string, string][] = [
    ['nothing', ''],
    ['half an object', '{"id":'],
    ['a trailing comma', '{"id":"A",}'],
    ['a bare word', 'nope'],
    ['single quotes', "{'id':'A'}"],
    ['NaN', '{"total_amount":NaN}'],
    ['a number with a leading zero', '{"total_amount":01}'],
    ['a key that is there twice with two values', '{"total_amount":1,"total_amount":2}'],
    ['half a million brackets', '['.repeat(500_000)],
    ['objects nested without end', '{"a":'.repeat(100_000)],
    ['an extension nested too deep', `{"extensions":{"shift_service":{"a":${'['.repeat(600)}${']'.repeat(600)}}}}`],
  ];

  for (const [what, body] of broken) {
    it(`refuses ${what}`, async () => {
      const hitl = await writesNothing(() => post(VALIDATE, body));
      expect(hitl.status, hitl.text).to.equal(422);
      expect(hitl.body).to.deep.equal({
        detail: [{ type: 'json_invalid', loc: ['body'], msg: 'body: not valid JSON', input: null }],
      });

      const v1 = await writesNothing(() => post(HAND_OVER, body));
      expect(v1.status).to.equal(422);
      expect(v1.body.errors).to.deep.equal([{ pointer: '', code: 'json_invalid', message: 'body: not valid JSON' }]);
    });
  }

  for (const body of ['5', '"text"', 'null', 'true', '[]', '[{}]']) {
    it(`refuses ${body}, which is no object`, async () => {
      const hitl = await post(VALIDATE, body);
      expect(hitl.status).to.equal(422);
      expect(hitl.body.detail[0]).to.deep.include({ type: 'dict_type', loc: ['body'], input: JSON.parse(body) });

      const v1 = await post(HAND_OVER, body);
      expect(v1.status).to.equal(422);
      expect(v1.body.errors[0]).to.deep.include({ pointer: '', code: 'dict_type' });
    });
  }

  for (const type of [
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data',
    'application/jsonx',
    'application/json; charset=utf-16',
  ]) {
    it(`refuses the content type ${type}`, async () => {
      for (const path of [VALIDATE, HAND_OVER]) {
        const response = await writesNothing(() => api().post(path).set('Content-Type', type).send('{}'));
        expect(response.status).to.equal(422);
      }
    });
  }

  it('refuses a body without a content type', async () => {
    const response = await api().post(HAND_OVER);
    expect(response.status).to.equal(422);
    expect(response.body.errors[0].code).to.equal('json_invalid');
  });

  it('refuses bytes that are no UTF-8, and takes JSON types with parameters', async () => {
    const latin1 = Buffer.from('{"vendor_name":"caf\xe9"}', 'latin1');
    const send = (type: string, body: Buffer) =>
      api()
        .post(HAND_OVER)
        .set('Content-Type', type)
        .serialize((bytes) => bytes)
        .send(body as unknown as string);

    expect((await send('application/json', latin1)).status).to.equal(422);
    expect((await send('application/json; charset="UTF-8"', Buffer.from('{"vendor_name":"café"}'))).status).to.equal(
      201,
    );
    expect((await send('APPLICATION/JSON', Buffer.from('{}'))).status).to.equal(201);
  });

  it('takes 1 MiB and refuses one byte more with 413, in the format of the path', async () => {
    const filled = (bytes: number) => `{}${' '.repeat(bytes - 2)}`;

    expect((await post(HAND_OVER, filled(1_048_576))).status).to.equal(201);
    const v1 = await writesNothing(() => post(HAND_OVER, filled(1_048_577)));
    expect(v1.status).to.equal(413);
    expect(v1.headers['content-type']).to.match(/^application\/problem\+json/);
    expect(v1.body).to.include({ status: 413, detail: 'Request body too large' });
    const hitl = await writesNothing(() => post(VALIDATE, filled(3_000_000)));
    expect(hitl.status).to.equal(413);
    expect(hitl.body).to.deep.equal({ detail: 'Request body too large' });
  });

  it('takes no longer for long runs of blanks or zeros than for other text', async () => {
    const long = 300_000;
    const blanks = await post(HAND_OVER, `{"total_amount":"1${' '.repeat(long)}1"}`);
    expect(blanks.body.errors[0].code).to.equal('decimal_parsing');
    const zeros = await post(VALIDATE, `{"invoice_id":"A","expected_review_version":1.${'0'.repeat(long)}1}`);
    expect(zeros.body.detail[0].type).to.equal('int_parsing');
    const name = await post(HAND_OVER, `{"due_date":"2026-${'0'.repeat(long)}"}`);
    expect(name.body.errors[0].code).to.equal('date_parsing');
  });

  it('lists a hundred problems at most', async () => {
    const ones = `[${'1,'.repeat(500_000)}1]`;
    const bodies = [
      [VALIDATE, `{"invoice_id":"A","expected_review_version":0,"clear_fields":${ones}}`],
      [VALIDATE, `{"invoice_id":"A","expected_review_version":0,"field_validations":${ones}}`],
      [HAND_OVER, `{"extensions":{"per_diem_travel":${ones}}}`],
      [HAND_OVER, `{${Array.from({ length: 70_000 }, (_, index) => `"key${index}":1`).join()}}`],
    ] as const;
    for (const [path, body] of bodies) {
      const response = await post(path, body);
      expect(response.status).to.equal(422);
      expect(response.body.errors ?? response.body.detail).to.have.length(100);
    }
  });

  it('takes nesting of a few hundred levels and gives it back', async () => {
    const deep = `${'['.repeat(490)}${']'.repeat(490)}`;
    await handOver(`{"id":"deep","extensions":{"shift_service":{"a":${deep}}}}`);

    expect((await get('/api/v1/invoices/deep')).text).to.contain(`{"a":${deep}}`);
    expect((await get('/api/hitl/invoice/deep')).text).to.contain(`{"a":${deep}}`);
  });
});
