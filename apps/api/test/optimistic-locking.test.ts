import { expect } from 'chai';
import request from 'supertest';
import { createApp } from '../src/app.ts';
import { appendHistory } from '../src/model/history-store.ts';
import { accepted, correct, handOver, history, stored, validate, view, writesNothing } from './support/api.ts';
import { onlyOn } from './support/engine.ts';
import { isolation } from './support/isolation.ts';

describe('optimistic locking', () => {
  beforeEach(async () => {
    await handOver({ id: 'A', vendor_name: 'Acme' });
  });

  it('accepts a review of the current version and moves to the next', async () => {
    const body = await accepted({ invoice_id: 'A', expected_review_version: 0 });

    expect(body.review_version).to.equal(1);
    expect((await view('A')).review_version).to.equal(1);
  });

  it('refuses a review of an old version and writes nothing', async () => {
    await accepted({ invoice_id: 'A', expected_review_version: 0, reviewer: 'ann' });

    const stale = { invoice_id: 'A', expected_review_version: 0, field_validations: [correct('vendor_name', 'Other')] };
    const response = await writesNothing(() => validate(stale));
    expect(response.status).to.equal(409);
    expect(response.body.detail).to.include({
      error_code: 'STALE_WRITE',
      current_review_version: 1,
      updated_by: 'ann',
    });
  });

  it('accepts the review after a reload', async () => {
    await accepted({ invoice_id: 'A', expected_review_version: 0 });
    const { review_version } = await view('A');

    await accepted({
      invoice_id: 'A',
      expected_review_version: review_version,
      field_validations: [correct('vendor_name', 'Other')],
    });
    expect((await view('A')).fields.vendor_name.value).to.equal('Other');
  });

  for (const version of [
    '-1',
    '1',
    '2147483648',
    '9007199254740993',
    '1e30',
    '1e999',
    '-1e999',
    '"99999999999999999999"',
  ]) {
    it(`calls version ${version} stale when the invoice is at 0`, async () => {
      const body = `{"invoice_id":"A","expected_review_version":${version}}`;

      const response = await writesNothing(() => validate(body));
      expect(response.status, response.text).to.equal(409);
      expect(response.body.detail).to.include({
        error_code: 'STALE_WRITE',
        current_review_version: 0,
        updated_by: null,
      });
      expect(response.body.detail.changed_fields).to.deep.equal([]);
      expect(response.body.detail.updated_at).to.equal((await stored('A')).updated_at);
    });
  }

  for (const version of ['"0"', '0.0', '0e5', '-0']) {
    it(`reads version ${version} as 0`, async () => {
      await accepted(`{"invoice_id":"A","expected_review_version":${version}}`);
    });
  }

  it('names what was changed after the version that was sent, and nothing before', async () => {
    await accepted({ invoice_id: 'A', expected_review_version: 0, field_validations: [correct('vendor_name', 'B')] });
    await accepted({
      invoice_id: 'A',
      expected_review_version: 1,
      field_validations: [
        correct('customer_address', { city: 'Oslo' }),
        correct('federal_tax', '5'),
        { field_name: 'due_date', value: null, confidence: 0, validated: true },
      ],
      line_item_validations: [{ line_number: 3, validated: true, corrections: { amount: '1' } }],
      clear_fields: ['remittance_address', 'notes'],
    });

    const changedSince = async (version: number) =>
      (await validate({ invoice_id: 'A', expected_review_version: version })).body.detail.changed_fields;
    const second = ['bill_to_address', 'federal_tax', 'line_items', 'notes', 'remit_to_address'];
    expect(await changedSince(1)).to.deep.equal(second);
    expect(await changedSince(0)).to.deep.equal([...second, 'vendor_name']);
    expect(await changedSince(-5)).to.deep.equal([...second, 'vendor_name']);
    expect(await changedSince(3)).to.deep.equal([]);
  });

  it('answers a stale review with 409 before it looks at line rules', async () => {
    const lines = [{ line_number: 7, validated: true }];
    const at = (expected_review_version: number) => ({
      invoice_id: 'A',
      expected_review_version,
      line_item_validations: lines,
    });

    expect((await writesNothing(() => validate(at(1)))).status).to.equal(409);
    expect((await writesNothing(() => validate(at(0)))).status).to.equal(422);
  });

  it('lets exactly one of many simultaneous reviews of one version win', async () => {
    const reviewers = Array.from({ length: 20 }, (_, index) => `reviewer ${index}`);
    const server = createApp(isolation.current().db).listen(0, '127.0.0.1');
    try {
      const responses = await Promise.all(
        reviewers.map((reviewer) =>
          request(server)
            .post('/api/hitl/invoice/validate')
            .send({
              invoice_id: 'A',
              expected_review_version: 0,
              reviewer,
              field_validations: [correct('vendor_name', reviewer)],
            }),
        ),
      );

      const winners = responses.filter((response) => response.status === 200);
      const losers = responses.filter((response) => response.status === 409);
      expect([winners.length, losers.length]).to.deep.equal([1, 19]);
      const [entry, ...others] = await history('A');
      expect(others).to.deep.equal([]);
      const after = await view('A');
      expect(after.review_version).to.equal(1);
      expect(after.fields.vendor_name.value).to.equal(entry.reviewer);
      for (const { body } of losers) {
        expect(body.detail).to.include({ error_code: 'STALE_WRITE', updated_by: entry.reviewer });
      }
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });

  // SQLite lets nobody write between the read and the write of a transaction.
  onlyOn(['postgres', 'mysql'], () => {
    it('tells a review that was overtaken after its read about the review that overtook it', async () => {
      const { db } = isolation.current();
      const aboutToWrite = new Promise((resolve) => {
        db.on(
          'query',
          ({ sql, bindings }) => /^update .invoices/.test(sql) && bindings.includes('ann') && resolve(sql),
        );
      });
      // The other review has written when this one reads, and commits when this one writes.
      const [review] = await db.transaction(async (trx) => {
        await trx('invoices').where({ id: 'A' }).update({ review_version: 1 });
        await appendHistory(trx, 'A', {
          ...{
            status: 'pending',
            reviewer: 'bob',
            notes: null,
            timestamp: new Date().toISOString(),
            review_version: 1,
          },
          ...{ changed_fields: [], field_notes: [], line_notes: [] },
        });
        const review = validate({ invoice_id: 'A', expected_review_version: 0, reviewer: 'ann' });
        await aboutToWrite;
        return [review] as const; // in a list, so that it is not waited for before COMMIT
      });

      const { status, body } = await review;
      expect(status).to.equal(409);
      expect(body.detail).to.include({ error_code: 'STALE_WRITE', current_review_version: 1, updated_by: 'bob' });
    });
  });

  it('lets exactly one of many simultaneous hand-overs of one id win', async () => {
    const server = createApp(isolation.current().db).listen(0, '127.0.0.1');
    try {
      const responses = await Promise.all(
        Array.from({ length: 12 }, (_, index) =>
          request(server)
            .post('/api/v1/invoices')
            .send({ id: 'same', vendor_name: `v${index}`, line_items: [{ line_number: 1 }] }),
        ),
      );

      const [winner, ...others] = responses.filter((response) => response.status === 201);
      expect(others).to.deep.equal([]);
      expect(responses.filter((response) => response.status === 409)).to.have.length(11);
      expect((await stored('same')).vendor_name).to.equal(winner?.body.vendor_name);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });
});
