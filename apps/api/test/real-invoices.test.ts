import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { accepted, confirm, correct, get, handOver, type Json, stored, validate, view } from './support/api.ts';

const CORPUS = new URL('../../../../shared/corpus/invoices/', import.meta.url);
const ADDRESSES = ['vendor_address', 'bill_to_address', 'remit_to_address'];
const LINE_TEXTS = ['description', 'unit_of_measure', 'cost_centre_code'];

const documents = existsSync(CORPUS) ? readdirSync(CORPUS).filter((name) => name.endsWith('.json')) : [];

describe('real invoices', () => {
  if (documents.length === 0) {
    console.warn('NOT TESTED: real invoices, since ../shared/corpus/invoices is not beside this repository');
    it('NOT TESTED: ../shared/corpus/invoices is not beside this repository', () => undefined);
  }

  for (const name of documents) {
    it(`${name} keeps every digit from hand-over to review`, async () => {
      const text = readFileSync(new URL(name, CORPUS), 'utf8');
      const sent = JSON.parse(text);
      await handOver(text);

      expectSame(await stored(sent.id), sent);
      await expectListed(sent);
      await expectViewed(sent);
      await expectReviewed(sent);
    });
  }
});

/** Every key that was sent comes back; amounts without needless zeros, all else as it was. */
function expectSame(body: Json, sent: Json): void {
  for (const [key, value] of Object.entries<Json>(sent)) {
    if (ADDRESSES.includes(key)) {
      const nothing = { street: null, city: null, province: null, postal_code: null, country: null };
      expect(body[key]).to.deep.equal({ ...nothing, ...value });
    } else if (key === 'line_items') {
      const inOrder = [...value].sort((a: Json, b: Json) => a.line_number - b.line_number);
      expect(body.line_items).to.have.length(inOrder.length);
      for (const [index, line] of inOrder.entries()) {
        expect(body.line_items[index]).to.deep.include(plainLine(line));
      }
    } else if (key === 'tax_breakdown') {
      expect(body[key]).to.deep.equal(mapped(value, plain));
    } else {
      expect(body[key], key).to.deep.equal(isDecimalField(key) ? plain(value) : value);
    }
  }
}

async function expectListed(sent: Json): Promise<void> {
  const { invoices, total } = (await get('/api/hitl/invoices')).body;
  expect(total).to.equal(1);
  expect(invoices[0]).to.include({
    invoice_id: sent.id,
    invoice_number: sent.invoice_number ?? null,
    vendor_name: sent.vendor_name ?? null,
    total_amount: plain(sent.total_amount),
    currency: sent.currency,
    line_item_count: sent.line_items.length,
    extraction_confidence: plain(sent.extraction_confidence),
  });
}

async function expectViewed(sent: Json): Promise<void> {
  const { fields, low_confidence_fields } = await view(sent.id);
  expect(fields.total_amount.value).to.equal(plain(sent.total_amount));
  expect(fields.total_amount.confidence).to.equal(sent.field_confidence.total_amount);
  const low = Object.keys(sent.field_confidence).filter((key) => sent.field_confidence[key] < 0.75);
  expect(low_confidence_fields).to.have.members(low);
}

/** A review of one field and one line changes those, and nothing that was not named; the second one is stale. */
async function expectReviewed(sent: Json): Promise<void> {
  const before = await stored(sent.id);
  const first = before.line_items[0];
  const review = {
    invoice_id: sent.id,
    expected_review_version: 0,
    overall_validation_status: 'validated',
    reviewer: 'ann',
    field_validations: [correct('vendor_name', 'Corrected Ltd', { confidence: 1 }), confirm('total_amount')],
    line_item_validations: [{ line_number: first.line_number, validated: true, corrections: { quantity: '2.50' } }],
  };
  await accepted(review);
  expect((await validate(review)).status).to.equal(409);

  const after = await stored(sent.id);
  const touched = ['review_status', 'reviewer', 'review_timestamp', 'updated_at', 'extraction_confidence'];
  const { confidence, validated_at } = after.line_items[0];
  const line = { ...first, quantity: '2.5', confidence, validated: true, validated_by: 'ann', validated_at };
  expect(after).to.deep.equal({
    ...before,
    ...Object.fromEntries(touched.map((key) => [key, after[key]])),
    ...{ review_version: 1, status: 'VALIDATED', processing_state: 'VALIDATED', vendor_name: 'Corrected Ltd' },
    field_confidence: { ...before.field_confidence, vendor_name: 1 },
    line_items: [line, ...before.line_items.slice(1)],
  });
}

function plainLine(line: Json): Json {
  return mapped(line, (value, key) => (LINE_TEXTS.includes(key) || typeof value === 'number' ? value : plain(value)));
}

function isDecimalField(key: string): boolean {
  return /^(subtotal|extraction_confidence|handling_fee|.*_amount|.*_rate)$/.test(key);
}

function mapped(values: Json, change: (value: Json, key: string) => Json): Json {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, change(value, key)]));
}

/** A decimal without needless zeros, spelled without the code under test. */
function plain(decimal: string | undefined): string | null {
  if (decimal === undefined) {
    return null;
  }
  let text = decimal;
  while (text.includes('.') && /[0.]$/.test(text)) {
    text = text.slice(0, -1);
  }
  return text === '-0' ? '0' : text;
}
