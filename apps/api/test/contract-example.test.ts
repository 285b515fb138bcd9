import { expect } from 'chai';
import { get, handOver, validate, view, writesNothing } from './support/api.ts';

const NOW = { now: () => new Date('2026-11-22T13:34:50.399Z') };

const HAND_OVER = `{"id":"INV-001","vendor_name":"Acme","total_amount":"100.50",
  "line_items":[{"line_number":1,"amount":100.5}],"field_confidence":{"vendor_name":0.7}}`;

const REVIEW = `{"invoice_id":"INV-001","expected_review_version":0,"overall_validation_status":"validated",
 "reviewer":"ann","validation_notes":"two typos",
 "field_validations":[
  {"field_name":"vendor_name","value":"Acme","confidence":0.7,"validated":true,"corrected_value":"Acme Ltd","validation_notes":"see logo"},
  {"field_name":"total_amount","value":"100.5","confidence":0.98,"validated":true}],
 "line_item_validations":[{"line_number":1,"validated":true,"corrections":{"quantity":"2.50","unit_price":40.2}}],
 "clear_fields":["po_number"]}`;

const ENTRY =
  '{"status":"validated","reviewer":"ann","notes":"two typos","timestamp":"2026-11-22T13:34:50.399Z","review_version":1,' +
  '"changed_fields":["line_items","po_number","vendor_name"],"field_notes":[{"field_name":"vendor_name","notes":"see logo"}],"line_notes":[]}';

describe('one invoice from hand-over to review', () => {
  beforeEach(async () => {
    await handOver(HAND_OVER, NOW);
  });

  it('shows what was handed over', async () => {
    const body = await view('INV-001');

    expect(body.fields.total_amount.value).to.equal('100.5');
    expect(body.fields.currency).to.include({ value: 'CAD', confidence: 1 });
    expect(body.line_items[0]).to.include({ line_number: 1, description: 'Not extracted', amount: '100.5' });
    expect(body.low_confidence_fields).to.deep.equal(['vendor_name']);
  });

  it('answers a review byte for byte', async () => {
    const response = await validate(REVIEW, NOW);

    expect(response.status).to.equal(200);
    expect(response.headers['etag']).to.equal('"1"');
    expect(response.text).to.equal(
      '{"success":true,"invoice_id":"INV-001","validation_status":"validated",' +
        `"message":"Invoice validation completed successfully","review_version":1,"review_history":[${ENTRY}]}`,
    );
  });

  it('shows the corrected and the confirmed field', async () => {
    await validate(REVIEW, NOW);

    const response = await get('/api/hitl/invoice/INV-001');
    const by = '"validated":true,"validated_by":"ann","validated_at":"2026-11-22T13:34:50.399Z"}';
    expect(response.headers['etag']).to.equal('"1"');
    expect(response.text).to.contain(`"vendor_name":{"value":"Acme Ltd","confidence":0.7,${by}`);
    expect(response.text).to.contain(`"total_amount":{"value":"100.5","confidence":0,${by}`);
    expect(response.body.line_items[0]).to.include({ quantity: '2.5', unit_price: '40.2', confidence: 0.99 });
  });

  it('keeps the review in the history', async () => {
    await validate(REVIEW, NOW);

    expect((await get('/api/hitl/invoice/INV-001/history')).text).to.equal(`[${ENTRY}]`);
  });

  it('refuses the same review a second time and says what changed', async () => {
    await validate(REVIEW, NOW);

    const response = await writesNothing(() => validate(REVIEW));
    expect(response.status).to.equal(409);
    expect(response.text).to.equal(
      '{"detail":{"error_code":"STALE_WRITE","message":"Invoice was updated by someone else.","retryable":false,' +
        '"current_review_version":1,"invoice_id":"INV-001","changed_fields":["line_items","po_number","vendor_name"],' +
        '"updated_by":"ann","updated_at":"2026-11-22T13:34:50.399Z"}}',
    );
  });

  it('refuses a value that is no number and names the field', async () => {
    const review = REVIEW.replace('0.98,"validated":true', '0.98,"validated":true,"corrected_value":"NaN"');

    const response = await writesNothing(() => validate(review));
    expect(response.status).to.equal(422);
    expect(response.text).to.equal(
      '{"detail":[{"type":"decimal_parsing","loc":["body","field_validations",1,"corrected_value"],' +
        '"msg":"total_amount: not a plain decimal number","input":"NaN"}]}',
    );
  });
});
