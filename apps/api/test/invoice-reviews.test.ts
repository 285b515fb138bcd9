import { expect } from 'chai';
import type { Response } from 'supertest';
import { accepted, api, confirm, correct, handOver, history, stored, writesNothing } from './support/api.ts';
import { at, refusalOf, resource } from './support/resources.ts';

async function review(id: string, tag: string | number | null, body: unknown = {}): Promise<Response> {
  return at(tag, api().post(resource(id, '/review'))).send(body as object);
}

describe('a review under /api/v1', () => {
  const BODY = {
    ...{ overall_validation_status: 'validated', reviewer: 'ann', validation_notes: 'ok' },
    field_validations: [correct('vendor_name', 'Acme Ltd', { validation_notes: 'logo' }), confirm('total_amount')],
    line_item_validations: [{ line_number: 1, validated: true, corrections: { quantity: '2.50' } }],
    clear_fields: ['po_number'],
  };
  const INVOICE = { vendor_name: 'Acme', po_number: '7', total_amount: '1', line_items: [{ line_number: 1 }] };

  it('does what one under /api/hitl does, and answers the invoice', async () => {
    const now = () => new Date('2026-11-22T13:34:50.399Z');
    await handOver({ id: 'A', ...INVOICE }, { now });
    await handOver({ id: 'B', ...INVOICE }, { now });
    await accepted({ invoice_id: 'A', expected_review_version: 0, ...BODY }, { now });
    const response = await at(0, api({ now }).post(resource('B', '/review'))).send(BODY);

    expect(response.status, response.text).to.equal(200);
    expect(response.headers['etag']).to.equal('"1"');
    expect(response.body).to.deep.equal(await stored('B'));
    expect(response.body).to.deep.equal({ ...(await stored('A')), id: 'B' });
    expect(await history('B')).to.deep.equal(await history('A'));
  });

  it('is of the invoice and the version that the request names outside its body', async () => {
    await handOver({ id: 'A' });
    await handOver({ id: 'B' });
    const response = await review('A', 0, { invoice_id: 'B', expected_review_version: 9 });
    expect(response.body).to.include({ id: 'A', review_version: 1 });
    expect((await stored('B')).review_version).to.equal(0);
  });

  it('is refused as everything under /api/v1 is', async () => {
    await handOver({ id: 'A' });
    await handOver({ id: 'P', processing_state: 'PENDING' });
    const refused = async (response: Promise<Response>, ...expected: unknown[]) => {
      const sent = await writesNothing(() => response);
      expect(refusalOf(sent), sent.text).to.deep.equal(expected);
      expect(sent.headers['content-type']).to.equal('application/problem+json; charset=utf-8');
      return sent.body;
    };

    await refused(review('A', null), 428);
    await refused(review('A', '0'), 400);
    await refused(review('nobody', 0), 404);
    await refused(review('A', 0, []), 422, 'dict_type ');
    await refused(
      review('A', 0, { field_validations: [correct('vendor_nam', 'x'), correct('total_amount', 'x')] }),
      ...[422, 'unknown_field /field_validations/0/field_name'],
      'decimal_parsing /field_validations/1/corrected_value',
    );
    const lines = { line_item_validations: [{ line_number: 3, validated: true }] };
    await refused(review('A', 0, lines), 422, 'line_not_found /line_item_validations/0/line_number');
    const cleared = await refused(review('A', 0, { clear_fields: ['id'] }), 400);
    expect(cleared).to.deep.include({ disallowed_fields: ['id'] });
    const pending = await refused(review('P', 0), 409);
    expect(pending).to.include({ current_state: 'PENDING', detail: 'Invoice state PENDING cannot be validated' });
    const stale = await refused(review('A', 3, lines), 412);
    expect(stale).to.deep.include({ current_review_version: 0, changed_fields: [], updated_by: null });
  });
});
