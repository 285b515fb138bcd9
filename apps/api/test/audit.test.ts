import { expect } from 'chai';
import type { Test } from 'supertest';
import { createApp } from '../src/app.ts';
import { dialectOf } from '../src/db/dialect.ts';
import {
  accepted,
  api,
  correct,
  get,
  handOver,
  type Json,
  request,
  stored,
  validate,
  writesNothing,
} from './support/api.ts';
import { auditEntries, byField, verified } from './support/audit.ts';
import { bearer, withCredentials } from './support/credentials.ts';
import { documentsOfEachTest } from './support/documents.ts';
import { onlyOn } from './support/engine.ts';
import { isolation } from './support/isolation.ts';
import { pdf } from './support/pdf.ts';
import { refuseInvoices } from './support/refusals.ts';
import { at, patch, resource } from './support/resources.ts';
import { routesOf } from './support/routes.ts';

const last = async () => (await auditEntries()).at(-1);
const eventsOf = async (id: string, query = ''): Promise<Json> => (await get(`${resource(id)}/events${query}`)).body;
const lineIds = async (): Promise<string[]> =>
  (await get(resource('A', '/line-items'))).body.line_items.map(({ id }: Json) => id);

describe('every write', () => {
  const documents = documentsOfEachTest();
  const LINES = resource('A', '/line-items');
  const REVIEW = { overall_validation_status: 'validated', reviewer: 'ann' };

  beforeEach(async () => {
    await handOver({ id: 'A', po_number: 'P', line_items: [{ line_number: 1, amount: '1' }] });
  });

  /** Each route that writes, with how many entries its request leaves, of which kind, and about which field. */
  const writes: Readonly<Record<string, readonly [() => PromiseLike<Json>, string, string, entries?: number]>> = {
    'post /api/v1/invoices': [
      () => api().post('/api/v1/invoices').send({ id: 'B' }),
      'invoice.handed_over',
      'currency',
    ],
    'patch /api/v1/invoices/{id}': [() => patch(resource('A'), 0, { po_number: 'Q' }), 'invoice.edited', 'po_number'],
    'post /api/v1/invoices/{id}/line-items': [
      () => at(0, api().post(LINES)).send({ line_number: 2, amount: '2' }),
      'invoice.edited',
      'line_items/2/amount',
    ],
    'patch /api/v1/invoices/{id}/line-items/{lineId}': [
      async () => patch(`${LINES}/${(await lineIds())[0]}`, 0, { amount: '3' }),
      'invoice.edited',
      'line_items/1/amount',
    ],
    'delete /api/v1/invoices/{id}/line-items/{lineId}': [
      async () => at(0, api().delete(`${LINES}/${(await lineIds())[0]}`)),
      'invoice.edited',
      'line_items/1/amount',
    ],
    'post /api/v1/invoices/{id}/review': [
      () => at(0, api().post(resource('A', '/review'))).send(REVIEW),
      'invoice.reviewed',
      'review_status',
    ],
    'post /api/hitl/invoice/validate': [
      () => validate({ invoice_id: 'A', expected_review_version: 0, ...REVIEW }),
      'invoice.reviewed',
      'review_status',
    ],
    'post /api/v1/documents': [
      () => api(documents.options()).post('/api/v1/documents').attach('file', pdf(), 'a.pdf'),
      'document.uploaded',
      'content_sha256',
    ],
    'post /api/ingestion/upload': [() => documents.upload(pdf()), 'document.uploaded', 'content_sha256'],
    'post /api/ingestion/batch-upload': [
      () =>
        documents.send('batch-upload', [
          { name: 'files', fileName: 'a.pdf', bytes: pdf({ text: 'a' }) },
          { name: 'files', fileName: 'b.pdf', bytes: pdf({ text: 'b' }) },
          { name: 'files', fileName: 'c.pdf', bytes: '' },
        ]),
      'document.uploaded',
      'content_sha256',
      2,
    ],
    'post /api/v1/keys': [
      () =>
        api()
          .post('/api/v1/keys')
          .send({ name: 'k', roles: ['reviewer'] }),
      'key.created',
      'name',
    ],
    'delete /api/v1/keys/{id}': [
      async () => {
        const { db } = isolation.current();
        await bearer(['reviewer']);
        return api().delete(`/api/v1/keys/${(await db('api_keys').first('id')).id}`);
      },
      'key.revoked',
      'revoked_at',
    ],
  };

  it('is among those whose entries are looked at here', () => {
    const routes = routesOf(createApp(isolation.current().db)).filter((route) => !route.startsWith('get '));
    expect(routes.sort()).to.deep.equal(Object.keys(writes).sort());
  });

  for (const [route, [write, action, field, count = 1]] of Object.entries(writes)) {
    it(`by ${route} leaves ${count === 1 ? 'one entry' : `${count} entries`} with what was and what is`, async () => {
      const { length } = await auditEntries();
      const response = await write();
      expect(response.status, response.text).to.be.within(200, 204);

      const added = (await auditEntries()).slice(length).filter((entry) => entry.action === action);
      expect(added).to.have.length(count);
      expect(await last()).to.include({ action, request_id: response.headers['x-request-id'] });
      expect(Object.keys(byField(await last()))).to.include(field);
      expect((await verified()).valid).to.equal(true);
    });
  }

  it('names who wrote by the credential, whatever the body says', async () => {
    const options = withCredentials();
    const response = await api(options)
      .post('/api/hitl/invoice/validate')
      .set('Authorization', await bearer(['reviewer'], 'Ann'))
      .send({ invoice_id: 'A', expected_review_version: 0, reviewer: 'somebody else' });
    expect(response.status, response.text).to.equal(200);

    expect((await last()).actor).to.equal('Ann');
    expect(byField(await last())).to.deep.include({ reviewer: [null, 'Ann'] });
  });

  it('that is refused leaves none', async () => {
    for (const attempt of [
      () => validate({ invoice_id: 'A', expected_review_version: 7 }),
      () => validate({ invoice_id: 'nobody', expected_review_version: 0 }),
      () =>
        validate({
          invoice_id: 'A',
          expected_review_version: 0,
          line_item_validations: [{ line_number: 9, validated: true }],
        }),
      () => patch(resource('A'), 7, { po_number: 'Q' }),
      () => api().post('/api/v1/invoices').send({ id: 'A' }),
      () => documents.upload('no PDF'),
    ]) {
      const { status } = await writesNothing(async () => attempt());
      expect(status).to.be.within(400, 422);
    }
  });

  it('that fails leaves none', async () => {
    await refuseInvoices(isolation.current().db, { statement: 'UPDATE' });
    const { status } = await writesNothing(() => validate({ invoice_id: 'A', expected_review_version: 0 }));
    expect(status).to.equal(500);
  });

  onlyOn(['postgres', 'mysql'], () => {
    it('that others were in the way of leaves one when it is run again', async () => {
      await failOnce();
      await accepted({ invoice_id: 'A', expected_review_version: 0 });

      expect((await auditEntries()).map(({ action }) => action)).to.deep.equal([
        'invoice.handed_over',
        'invoice.reviewed',
      ]);
      expect(await verified()).to.include({ valid: true, entries: 2 });
    });
  });
});

describe('the events of an invoice', () => {
  it('say in order who wrote what, with each value before and after', async () => {
    await handOver({ id: 'A', vendor_name: 'Acme', total_amount: '100.50', field_confidence: { 'a/b': 0.7 } });
    await handOver({ id: 'B' });
    await accepted({
      ...{ invoice_id: 'A', expected_review_version: 0, overall_validation_status: 'validated', reviewer: 'ann' },
      field_validations: [correct('total_amount', '9007199254740993'), correct('vendor_address', { city: 'Zürich 🏔' })],
      line_item_validations: [{ line_number: 3, validated: true, corrections: { amount: 5 } }],
    });

    const { events, next_after } = await eventsOf('A');
    expect(next_after).to.equal(null);
    expect(
      events.map(({ position, action, review_version }: Json) => [position, action, review_version]),
    ).to.deep.equal([
      [1, 'invoice.handed_over', 0],
      [3, 'invoice.reviewed', 1],
    ]);
    expect(byField(events[0])).to.include.deep.keys(['created_at', 'updated_at', 'status']);
    expect(byField(events[0])).to.deep.include({
      vendor_name: [null, 'Acme'],
      total_amount: [null, '100.5'],
      'field_confidence/a~1b': [null, 0.7],
    });
    expect(byField(events[1])).to.deep.include({
      total_amount: ['100.5', '9007199254740993'],
      'vendor_address/city': [null, 'Zürich 🏔'],
      'field_confidence/total_amount': [null, 0.8],
      'line_items/3/amount': [null, '5'],
      'line_items/3/confidence': [null, 0.99],
      processing_state: ['EXTRACTED', 'VALIDATED'],
      reviewer: [null, 'ann'],
    });
    expect(byField(events[1])).to.not.have.any.keys('vendor_name', 'vendor_address/street', 'line_items/3/quantity');
  });

  it('lead to the invoice as it is when one follows the other', async () => {
    await handOver({
      ...{ id: 'A', vendor_name: 'Acme', due_date: '2026-01-02', tax_breakdown: { 'a~b': '1', gst: '2' }, notes: 'n' },
      remit_to_address: { city: 'Oslo' },
      line_items: [1, 2, 3].map((line_number) => ({
        line_number,
        amount: line_number,
        description: `line ${line_number}`,
      })),
    });
    await accepted({
      ...{ invoice_id: 'A', expected_review_version: 0, clear_fields: ['notes', 'remittance_address'] },
      field_validations: [correct('vendor_name', 'B'), correct('federal_tax', '3'), correct('due_date', '')],
      line_item_validations: [
        { line_number: 1, validated: true, corrections: { line_number: 2 } },
        { line_number: 2, validated: true, corrections: { line_number: 1 } },
        { line_number: 3, validated: false, corrections: { delete: true } },
      ],
    });
    expect((await patch(resource('A'), 1, { po_number: 'P', tax_breakdown: { gst: null } })).status).to.equal(200);
    await accepted({ invoice_id: 'A', expected_review_version: 2, clear_fields: ['tax_breakdown'] });

    const values = new Map<string, unknown>();
    for (const { changes } of (await eventsOf('A')).events) {
      for (const { field, old, new: value } of changes) {
        expect(values.get(field) ?? null, field).to.deep.equal(old);
        values.set(field, value);
      }
    }
    for (const [field, value] of valuesOf(await stored('A'))) {
      expect(values.get(field) ?? null, field).to.deep.equal(value);
    }
  });

  it('come in pages', async () => {
    await handOver({ id: 'A' });
    for (const version of [0, 1, 2]) {
      await accepted({ invoice_id: 'A', expected_review_version: version });
    }
    const first = await eventsOf('A', '?limit=3');
    const second = await eventsOf('A', `?limit=3&after=${first.next_after}`);
    const versions = [...first.events, ...second.events].map(({ review_version }: Json) => review_version);
    expect([versions, first.next_after, second.next_after]).to.deep.equal([[0, 1, 2, 3], 3, null]);
  });

  it('of an invoice that is not there are a 404', async () => {
    for (const id of ['nobody', '%00', 'x'.repeat(40)]) {
      expect((await get(resource(id, '/events'))).status).to.equal(404);
    }
  });

  for (const query of ['?limit=0', '?limit=201', '?limit=x', '?after=-1', '?after=1.5', '?limit=1&limit=2']) {
    it(`with ${query} are a 422`, async () => {
      await handOver({ id: 'A' });
      for (const path of [resource('A', '/events'), '/api/v1/audit']) {
        expect((await get(path + query)).status).to.equal(422);
      }
    });
  }
});

describe('fifty writers at once', () => {
  it('on as many invoices keep one unbroken chain', async () => {
    const ids = Array.from({ length: 50 }, (_, index) => `I${index}`);
    await atOnce(ids, (server, id) => request(server).post('/api/v1/invoices').send({ id }), [201]);
    await atOnce(
      ids,
      (server, invoice_id) =>
        request(server).post('/api/hitl/invoice/validate').send({ invoice_id, expected_review_version: 0 }),
      [200],
    );
    expect(await verified()).to.include({ valid: true, entries: 100 });
  });

  it('on one invoice keep one unbroken chain, with an entry for each that was accepted', async () => {
    await handOver({ id: 'A' });
    const reviewers = Array.from({ length: 50 }, (_, index) => `r${index}`);
    const replies = await atOnce(
      reviewers,
      (server, reviewer) =>
        request(server)
          .post('/api/hitl/invoice/validate')
          .send({ invoice_id: 'A', expected_review_version: 0, reviewer }),
      [200, 409],
    );
    expect(replies.filter(({ status }) => status === 200)).to.have.length(1);
    expect(await verified()).to.include({ valid: true, entries: 2 });
  });
});

/** One request for each item, all at the same moment; fails for any other status. */
async function atOnce(
  items: readonly string[],
  send: (server: ReturnType<ReturnType<typeof createApp>['listen']>, item: string) => Test,
  statuses: readonly number[],
): Promise<Json[]> {
  const server = createApp(isolation.current().db).listen(0, '127.0.0.1');
  try {
    const replies = await Promise.all(items.map(async (item) => send(server, item)));
    for (const { status, text } of replies) {
      expect(statuses, text).to.include(status);
    }
    return replies;
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

/** Makes the first entry fail on a server as if another transaction had been in the way, and no later one. */
async function failOnce(): Promise<void> {
  const { db } = isolation.current();
  if (dialectOf(db) === 'postgres') {
    // What a sequence gives out is not taken back with the transaction.
    await db.raw('CREATE SEQUENCE attempts');
    await db.raw(`CREATE FUNCTION fail_once() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF nextval('attempts') = 1 THEN RAISE EXCEPTION 'again' USING ERRCODE = '40001'; END IF; RETURN NEW; END $$`);
    await db.raw('CREATE TRIGGER fail_once BEFORE INSERT ON audit_log FOR EACH ROW EXECUTE FUNCTION fail_once()');
  } else {
    // Once for each connection, whose variables are not taken back.
    await db.raw(`CREATE TRIGGER fail_once BEFORE INSERT ON audit_log FOR EACH ROW
      IF @failed IS NULL THEN
        SET @failed = 1;
        SIGNAL SQLSTATE '40001' SET MESSAGE_TEXT = 'again', MYSQL_ERRNO = 1213;
      END IF`);
  }
}

/** Every value of a representation, by the keys that lead to it. */
function valuesOf(invoice: Json): [string, unknown][] {
  const { id, review_version, line_items, ...values } = invoice;
  const lines = line_items.map((line: Json) => [`line_items/${line.line_number}`, line] as const);
  const named = [...Object.entries(values), ...lines] as [string, unknown][];
  return named.flatMap(([name, value]): [string, unknown][] =>
    typeof value === 'object' && value !== null
      ? Object.entries(value).map(([key, item]) => [`${name}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`, item])
      : [[name, value]],
  );
}
