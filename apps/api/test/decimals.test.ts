import { expect } from 'chai';
import fc from 'fast-check';
import { accepted, correct, handOver, post, stored, validate, view, writesNothing } from './support/api.ts';

const DECIMAL_FIELDS = [
  ...['subtotal', 'tax_amount', 'total_amount', 'discount_amount', 'shipping_amount', 'handling_fee', 'deposit_amount'],
  ...['gst_amount', 'gst_rate', 'hst_amount', 'hst_rate', 'qst_amount', 'qst_rate', 'pst_amount', 'pst_rate'],
];
const LINE_DECIMALS = [
  ...['quantity', 'unit_price', 'amount', 'tax_rate', 'tax_amount', 'gst_amount', 'pst_amount', 'qst_amount'],
  ...['combined_tax', 'acceptance_percentage'],
];

/** What was sent, as raw JSON, and how it reads afterwards. */
const SPELLINGS: [string, string | null][] = [
  ['"123.45"', '123.45'],
  ['"40.00"', '40'],
  ['"1.30"', '1.3'],
  ['"0.00000001"', '0.00000001'],
  ['"-0.0"', '0'],
  ['-0', '0'],
  ['-0.00', '0'],
  ['0', '0'],
  ['100.50', '100.5'],
  ['-12.340', '-12.34'],
  ['"  7.10\\t\\r\\n"', '7.1'],
  ['""', null],
  ['"   "', null],
  ['null', null],
  ['0.09975', '0.09975'],
  ['9007199254740993', '9007199254740993'],
  ['0.1000000000000000055', '0.1000000000000000055'],
  ['999999999999999999.9999999999', '999999999999999999.9999999999'],
  ['"-999999999999999999.9999999999"', '-999999999999999999.9999999999'],
  ['0.30000000000000004', '0.30000000000000004'],
  ['123456789012345678901234567890.12345678901234567890', '123456789012345678901234567890.1234567890123456789'],
];

const REFUSED = [
  ...[
    '"NaN"',
    '"Infinity"',
    '"-Infinity"',
    '"1e3"',
    '1e3',
    '1E3',
    '1e-3',
    '"1,000"',
    '"1 000"',
    '"+5"',
    '".5"',
    '"5."',
  ],
  ...[
    '"00.1"',
    '"01"',
    '"-"',
    '"--1"',
    '"0x10"',
    '"١٢"',
    '"１"',
    '"1\\u00a0"',
    '"1\\u0000"',
    '"$1"',
    'true',
    'false',
    '[]',
  ],
  ...['["1"]', '{}', '{"digits":"1"}', '{"isLosslessNumber":true,"value":"1"}', '"null"'],
];

describe('decimals on the wire', () => {
  for (const [sent, reads] of SPELLINGS) {
    it(`reads ${sent} as ${reads === null ? 'null' : `"${reads}"`} wherever it is sent`, async () => {
      const fields = DECIMAL_FIELDS.map((name) => `"${name}":${sent}`).join();
      const line = LINE_DECIMALS.map((name) => `"${name}":${sent}`).join();
      await handOver(
        `{"id":"A",${fields},"acceptance_percentage":${sent},"tax_breakdown":{"VAT":${sent}},"line_items":[{"line_number":1,${line}}]}`,
      );
      await handOver({ id: 'B' });
      const entries = DECIMAL_FIELDS.map(
        (name) => `{"field_name":"${name}","value":null,"confidence":1,"validated":true,"corrected_value":${sent}}`,
      );
      await accepted(
        `{"invoice_id":"B","expected_review_version":0,"field_validations":[${entries.join()}],
          "line_item_validations":[{"line_number":1,"validated":true,"corrections":{${line}}}]}`,
      );

      for (const id of ['A', 'B']) {
        const body = await stored(id);
        for (const name of DECIMAL_FIELDS) {
          expect(body[name], name).to.equal(reads);
        }
        for (const name of LINE_DECIMALS) {
          expect(body.line_items[0][name], name).to.equal(reads);
        }
        expect((await view(id)).fields.gst_rate.value).to.equal(reads);
        expect((await view(id)).line_items[0].amount).to.equal(reads ?? '0');
      }
      expect((await stored('A')).tax_breakdown).to.deep.equal(reads === null ? {} : { VAT: reads });
      expect((await stored('A')).acceptance_percentage).to.equal(reads);
    });
  }

  for (const sent of REFUSED) {
    it(`refuses ${sent} wherever it is sent`, async () => {
      const handedOver = await writesNothing(() =>
        post(
          '/api/v1/invoices',
          `{"total_amount":${sent},"acceptance_percentage":${sent},"extraction_confidence":${sent},"tax_breakdown":{"VAT":${sent}},
            "line_items":[{"line_number":1,"tax_rate":${sent}}]}`,
        ),
      );
      expect(handedOver.status).to.equal(422);
      expect(handedOver.body.errors.map((error: { pointer: string }) => error.pointer)).to.have.members([
        ...['/total_amount', '/acceptance_percentage', '/extraction_confidence', '/tax_breakdown/VAT'],
        '/line_items/0/tax_rate',
      ]);
      for (const error of handedOver.body.errors) {
        expect(error.code).to.equal('decimal_parsing');
      }

      await handOver({ id: 'A', line_items: [{ line_number: 1 }] });
      const reviewed = await writesNothing(() =>
        validate(
          `{"invoice_id":"A","expected_review_version":0,
            "field_validations":[{"field_name":"qst_rate","value":1,"confidence":1,"validated":true,"corrected_value":${sent}}],
            "line_item_validations":[{"line_number":1,"validated":true,"corrections":{"quantity":${sent}}}]}`,
        ),
      );
      expect(reviewed.status).to.equal(422);
      expect(reviewed.body.detail).to.deep.equal([
        {
          type: 'decimal_parsing',
          loc: ['body', 'field_validations', 0, 'corrected_value'],
          msg: 'qst_rate: not a plain decimal number',
          input: JSON.parse(sent),
        },
        {
          type: 'decimal_parsing',
          loc: ['body', 'line_item_validations', 0, 'corrections', 'quantity'],
          msg: 'quantity: not a plain decimal number',
          input: JSON.parse(sent),
        },
      ]);
    });
  }

  it('refuses more than 64 characters, as text and as a number', async () => {
    const longest = '1'.repeat(64);
    await handOver(`{"id":"A","total_amount":${longest},"subtotal":"${longest}"}`);
    expect(await stored('A')).to.include({ total_amount: longest, subtotal: longest });

    for (const sent of [
      `${longest}1`,
      `"${longest}1"`,
      `"${' '.repeat(64)}1"`,
      `"${' '.repeat(65)}"`,
      `0.${'0'.repeat(63)}`,
    ]) {
      const response = await writesNothing(() => post('/api/v1/invoices', `{"total_amount":${sent}}`));
      expect(response.status, sent).to.equal(422);
      expect(response.body.errors[0]).to.include({ pointer: '/total_amount', code: 'decimal_max_digits' });
    }
  });

  it('keeps 0.1 and 0.2 apart from their binary neighbours', async () => {
    await handOver('{"id":"A","subtotal":0.1,"tax_amount":0.2,"total_amount":0.3}');

    expect(await stored('A')).to.include({ subtotal: '0.1', tax_amount: '0.2', total_amount: '0.3' });
  });

  it('returns every decimal of 18 and 10 digits digit for digit, sent as text or as a number', async () => {
    const decimal = fc
      .tuple(
        fc.boolean(),
        fc.bigInt(0n, 10n ** 18n - 1n),
        fc.bigInt(0n, 10n ** 10n - 1n),
        fc.integer({ min: 0, max: 10 }),
      )
      .map(([negative, whole, fraction, digits]) => {
        const tail = fraction.toString().padStart(10, '0').slice(0, digits);
        return `${negative ? '-' : ''}${whole}${digits === 0 ? '' : `.${tail}`}`;
      });
    await fc.assert(
      fc.asyncProperty(fc.array(decimal, { minLength: 1, maxLength: 40 }), fc.boolean(), async (decimals, asText) => {
        const taxes = decimals.map((each, index) => `"t${index}":${asText ? `"${each}"` : each}`);
        const body = await handOver(`{"tax_breakdown":{${taxes.join()}}}`);

        const read = (await stored(body.id)).tax_breakdown;
        for (const [index, each] of decimals.entries()) {
          expect(read[`t${index}`]).to.match(/^(0|-?[1-9][0-9]*|-?(0|[1-9][0-9]*)\.[0-9]*[1-9])$/);
          expect(digitsOf(read[`t${index}`])).to.equal(digitsOf(each));
        }
      }),
      { numRuns: 40 },
    );
  });

  it('writes corrections by their digits, whatever the amount', async () => {
    await handOver({ id: 'A' });
    await accepted({
      invoice_id: 'A',
      expected_review_version: 0,
      field_validations: [correct('hst_rate', '0.09975'), correct('total_amount', '12345678901234567.89')],
    });

    const { fields } = await view('A');
    expect([fields.hst_rate.value, fields.total_amount.value]).to.deep.equal(['0.09975', '12345678901234567.89']);
  });
});

/** A decimal as a scaled integer, reckoned without the code under test. */
function digitsOf(decimal: string): bigint {
  const [whole = '', fraction = ''] = decimal.replace('-', '').split('.');
  const scaled = BigInt(whole + fraction.padEnd(10, '0'));
  return decimal.startsWith('-') ? -scaled : scaled;
}
