import { expect } from 'chai';
import fc from 'fast-check';
import { createApp } from '../src/app.ts';
import { ADDRESS_PARTS } from '../src/model/fields.ts';
import {
  accepted,
  api,
  confirm,
  correct,
  handOver,
  history,
  type Json,
  request,
  stored,
  view,
  writesNothing,
} from './support/api.ts';
import { isolation } from './support/isolation.ts';
import { patch, patched, refusalOf, resource } from './support/resources.ts';

const A = resource('A');

describe('editing an invoice by a merge patch', () => {
  beforeEach(async () => {
    await handOver({
      ...{ id: 'A', vendor_name: 'Acme', total_amount: '10', notes: 'n', due_date: '2026-01-31' },
      vendor_address: { city: 'Rome', country: 'IT' },
      tax_breakdown: { federal_tax: '1', eco: '2' },
      line_items: [{ line_number: 1 }],
    });
  });

  it('answers the invoice as it is then, at the next version', async () => {
    const before = await stored('A');
    const response = await patch(A, 0, {
      ...{ vendor_name: 'B', total_amount: 12.5, due_date: null, notes: '' },
      ...{ vendor_address: { city: 'Oslo', street: 'x' }, tax_breakdown: { federal_tax: null, more: '3.10' } },
    });

    expect(response.status, response.text).to.equal(200);
    expect(response.headers['etag']).to.equal('"1"');
    const after = await stored('A');
    expect(response.body).to.deep.equal(after);
    expect(after).to.deep.equal({
      ...before,
      ...{ vendor_name: 'B', due_date: null, notes: '', review_version: 1, updated_at: after.updated_at },
      total_amount: '12.5',
      vendor_address: { street: 'x', city: 'Oslo', province: null, postal_code: null, country: 'IT' },
      tax_breakdown: { eco: '2', more: '3.1' },
    });
  });

  it('takes numbers by their digits, and plain JSON too', async () => {
    const response = await api()
      .patch(A)
      .set('If-Match', '"0"')
      .set('Content-Type', 'application/json')
      .send('{"total_amount":9007199254740993.10}');
    expect(response.body.total_amount).to.equal('9007199254740993.1');
  });

  it('leaves one entry in the history, with the names that changed and nothing else of a review', async () => {
    await accepted({
      invoice_id: 'A',
      expected_review_version: 0,
      reviewer: 'ann',
      overall_validation_status: 'needs_review',
    });
    const before = await stored('A');
    const after = await patched(A, 1, {
      ...{ vendor_name: 'B', total_amount: '10.0', bill_to_address: { city: 'x' }, notes: 'other' },
      tax_breakdown: { federal_tax: '5', eco: null, more: null },
    });

    const entries = await history('A');
    expect(entries).to.have.length(2);
    expect(entries[1]).to.deep.equal({
      ...{ status: 'edited', reviewer: null, notes: null, timestamp: after.updated_at, review_version: 2 },
      changed_fields: ['bill_to_address', 'federal_tax', 'notes', 'tax_breakdown', 'vendor_name'],
      ...{ field_notes: [], line_notes: [] },
    });
    for (const kept of ['status', 'processing_state', 'review_status', 'review_timestamp', 'reviewer', 'created_at']) {
      expect(after[kept], kept).to.equal(before[kept]);
    }
  });

  it('takes the confirmation of a value away that becomes another one, and of no other', async () => {
    const names = ['vendor_name', 'total_amount', 'vendor_address', 'bill_to_address', 'due_date'];
    await accepted({
      ...{ invoice_id: 'A', expected_review_version: 0, reviewer: 'ann' },
      field_validations: [...names.map(confirm), correct('federal_tax', '7')],
    });
    await patched(A, 1, {
      vendor_name: 'B',
      total_amount: '10.00',
      vendor_address: { city: 'Oslo' },
      bill_to_address: {},
    });

    const { fields, addresses } = await view('A');
    const validated = { ...fields, ...addresses };
    expect(names.filter((name) => validated[name].validated)).to.deep.equal([
      'total_amount',
      'bill_to_address',
      'due_date',
    ]);
    expect(validated.vendor_name).to.include({ validated: false, validated_by: null, validated_at: null });
    await patched(A, 2, { tax_breakdown: { federal_tax: '8' } });
    const rows = await isolation.current().db('invoices').pluck('field_confirmations');
    expect(rows[0]).not.to.include('federal_tax');
  });

  it('counts a patch that changes nothing as a write', async () => {
    const after = await patched(A, 0, {});
    expect(after.review_version).to.equal(1);
    await patched(A, 1, { vendor_name: 'Acme', bill_to_address: null, vendor_address: { city: 'Rome' } });

    expect((await history('A')).map((entry) => entry.changed_fields)).to.deep.equal([[], []]);
    expect((await stored('A')).bill_to_address).to.equal(null);
  });

  it('never moves updated_at back', async () => {
    const { updated_at } = await stored('A');
    const past = { now: () => new Date('2001-01-01T00:00:00Z') };
    const response = await api(past).patch(A).set('If-Match', '"0"').send({ vendor_name: 'B' });
    expect(response.body.updated_at).to.equal(updated_at);
  });

  // RFC 7396's own examples, with what is a member here in the place of theirs.
  const examples: readonly [string, Json, Json, Json][] = [
    ['replaces a member', { vendor_id: 'b' }, { vendor_id: 'c' }, { vendor_id: 'c' }],
    ['adds a member', { vendor_id: 'b' }, { entity: 'c' }, { vendor_id: 'b', entity: 'c' }],
    ['removes a member', { vendor_id: 'b' }, { vendor_id: null }, {}],
    ['removes one member of two', { vendor_id: 'b', entity: 'c' }, { vendor_id: null }, { entity: 'c' }],
    [
      ...(['merges inside a member'] as const),
      { remit_to_address: { street: 'b' } },
      { remit_to_address: { street: 'd', city: null } },
      { remit_to_address: { street: 'd' } },
    ],
    ['adds nothing by null', { entity: 'f' }, { vendor_id: null }, { entity: 'f' }],
    ['makes members inside new ones', {}, { tax_breakdown: { a: '1', b: null } }, { tax_breakdown: { a: '1' } }],
  ];
  for (const [what, target, change, result] of examples) {
    it(`${what}, as RFC 7396 says`, async () => {
      await handOver({ id: 'R', ...target });
      const after = await patched(resource('R'), 0, change);
      const { remit_to_address, tax_breakdown, vendor_id, entity } = after;
      expect({ remit_to_address, tax_breakdown, vendor_id, entity }).to.deep.equal(shown(result));
    });
  }

  it('merges whatever sequence of patches as RFC 7396 does', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(patches, { minLength: 1, maxLength: 4 }), async (sequence) => {
        const { id, review_version } = await handOver({});
        let model: Json = {};
        for (const [index, change] of sequence.entries()) {
          model = mergePatch(model, change);
          const after = await patched(resource(id), review_version + index, change);
          const { remit_to_address, tax_breakdown, vendor_id, entity } = after;
          const read = { remit_to_address: emptyAsNull(remit_to_address), tax_breakdown, vendor_id, entity };
          expect(read).to.deep.equal(shown(model));
        }
      }),
      { numRuns: 25 },
    );
  });

  describe('refuses', () => {
    const refused = async (body: unknown, ...problems: string[]) => {
      const response = await writesNothing(() => patch(A, 0, body));
      expect(refusalOf(response), response.text).to.deep.equal([422, ...problems]);
    };

    it('keys that it does not know, at every level', async () => {
      await refused(
        { line_items: [], status: 'x', id: 'B' },
        'unknown_key /line_items',
        'unknown_key /status',
        'unknown_key /id',
      );
      await refused({ vendor_address: { town: 'x' } }, 'unknown_key /vendor_address/town');
      await refused({ customer_address: {} }, 'unknown_key /customer_address');
    });

    it('values that are none of their kind, all at once', () =>
      refused(
        {
          total_amount: 'NaN',
          due_date: '2026-02-30',
          vendor_name: 5,
          vendor_address: 'Rome',
          tax_breakdown: { a: 'x' },
        },
        ...['date_parsing /due_date', 'string_type /vendor_name'],
        ...['decimal_parsing /total_amount', 'address_type /vendor_address', 'decimal_parsing /tax_breakdown/a'],
      ));

    it('a body that is no object', () => refused('[]', 'dict_type '));

    it('a body that is not JSON', () => refused('{', 'json_invalid '));

    it('a type that is no merge patch, and says which are', async () => {
      for (const type of ['application/json-patch+json', 'text/plain', 'application/x-www-form-urlencoded']) {
        const response = await writesNothing(() =>
          api()
            .patch(A)
            .set('If-Match', '"0"')
            .set('Content-Type', type)
            .send('{}')
            .then((reply) => reply),
        );
        expect(response.status, type).to.equal(415);
        expect(response.headers['accept-patch']).to.equal('application/merge-patch+json, application/json');
      }
    });

    it('a write without If-Match', async () => {
      const response = await writesNothing(() => patch(A, null, { vendor_name: 'B' }));
      expect([response.status, response.headers['content-type']]).to.deep.equal([
        428,
        'application/problem+json; charset=utf-8',
      ]);
    });

    for (const tag of ['0', 'W/"0', '"0" "1"', '"', '""x', '', '*, "0"', `"a"${' '.repeat(10_000)}x`]) {
      it(`If-Match: ${JSON.stringify(tag).slice(0, 30)} with 400`, async () => {
        const response = await writesNothing(() => patch(A, tag, {}));
        expect(response.status, response.text).to.equal(400);
      });
    }

    it('an invoice that is not there, before it looks at the version', async () => {
      for (const id of ['nobody', 'x'.repeat(500), '%00', '__proto__']) {
        expect((await patch(resource(id), 7, {})).status, id).to.equal(404);
        expect((await patch(resource(id), '*', {})).status, id).to.equal(404);
      }
    });

    it('an invoice that is not extracted yet', async () => {
      await handOver({ id: 'P', processing_state: 'PENDING' });
      const response = await writesNothing(() => patch(resource('P'), 5, {}));
      expect([response.status, response.body.current_state]).to.deep.equal([409, 'PENDING']);
      expect(response.body.detail).to.equal('Invoice state PENDING cannot be changed');
    });
  });

  describe('compares If-Match with the version', () => {
    for (const tag of ['"0"', '*', '"7", "0"', ', "0" ,,', 'W/"0", "0"', '"x","0"']) {
      it(`takes ${tag}`, async () => expect((await patch(A, tag, {})).status).to.equal(200));
    }

    for (const tag of [
      '"1"',
      'W/"0"',
      '"00"',
      '"0.0"',
      '"-0"',
      '""',
      '"99999999999999999999999"',
      '"1", "2"',
      '"zero"',
    ]) {
      it(`calls ${tag} stale`, async () => {
        const response = await writesNothing(() => patch(A, tag, { vendor_name: 'B' }));
        expect(response.status, response.text).to.equal(412);
        expect(response.body).to.deep.include({ current_review_version: 0, changed_fields: [], updated_by: null });
      });
    }

    it('tells a stale writer what was changed since, by whom and when', async () => {
      await accepted({
        ...{ invoice_id: 'A', expected_review_version: 0, reviewer: 'ann' },
        field_validations: [correct('vendor_name', 'B')],
      });
      await patched(A, 1, { due_date: null });
      await accepted({ invoice_id: 'A', expected_review_version: 2, reviewer: 'bob', clear_fields: ['notes'] });

      const { updated_at } = await stored('A');
      const response = await writesNothing(() => patch(A, 1, { vendor_name: 'C' }));
      expect(response.status).to.equal(412);
      expect(response.body).to.deep.equal({
        ...{
          type: 'about:blank',
          title: 'Precondition Failed',
          status: 412,
          detail: 'Invoice was updated by someone else.',
        },
        ...{ current_review_version: 3, changed_fields: ['due_date', 'notes'], updated_by: 'bob', updated_at },
      });
    });

    it('names the writer of the latest write, not the latest reviewer', async () => {
      await accepted({ invoice_id: 'A', expected_review_version: 0, reviewer: 'ann' });
      await patched(A, 1, {});
      expect((await patch(A, 0, {})).body.updated_by).to.equal(null);
    });

    it('lets exactly one of many simultaneous patches of one version win', async () => {
      const server = createApp(isolation.current().db).listen(0, '127.0.0.1');
      try {
        const responses = await Promise.all(
          Array.from({ length: 20 }, (_, index) =>
            request(server)
              .patch(A)
              .set('If-Match', '"0"')
              .send({ vendor_name: `v${index}` }),
          ),
        );
        const winner = responses.findIndex(({ status }) => status === 200);
        expect(responses.map(({ status }) => status).sort()).to.deep.equal([200, ...Array(19).fill(412)]);
        expect(await stored('A')).to.include({ vendor_name: `v${winner}`, review_version: 1 });
        expect(await history('A')).to.have.length(1);
      } finally {
        await new Promise((resolve) => server.close(resolve));
      }
    });

    it('lets each of many simultaneous patches of any version win', async () => {
      const server = createApp(isolation.current().db).listen(0, '127.0.0.1');
      try {
        const names = Array.from({ length: 8 }, (_, index) => `tax${index}`);
        const responses = await Promise.all(
          names.map((name) =>
            request(server)
              .patch(A)
              .set('If-Match', '*')
              .send({ tax_breakdown: { [name]: '1' } }),
          ),
        );
        expect(responses.map(({ status }) => status)).to.deep.equal(Array(8).fill(200));
        const after = await stored('A');
        expect(after.tax_breakdown).to.include.keys(names);
        expect(after.review_version).to.equal(8);
      } finally {
        await new Promise((resolve) => server.close(resolve));
      }
    });
  });

  it('is sent again only to who does not have it', async () => {
    for (const tags of ['"0"', 'W/"0"', '*', '"7", "0"']) {
      const response = await api().get(A).set('If-None-Match', tags);
      expect([response.status, response.text, response.headers['etag']], tags).to.deep.equal([304, '', '"0"']);
    }
    await patched(A, 0, {});
    expect((await api().get(A).set('If-None-Match', '"0"')).status).to.equal(200);
    expect((await api().head(A).set('If-None-Match', '"1"')).status).to.equal(304);
  });
});

const NOTHING = Object.fromEntries(ADDRESS_PARTS.map((part) => [part, null]));
const texts = fc.constantFrom('a', 'b', null);
const patches = fc.record(
  {
    vendor_id: texts,
    entity: texts,
    remit_to_address: fc.option(fc.record({ street: texts, city: texts, country: texts }, { requiredKeys: [] })),
    tax_breakdown: fc.option(
      fc.dictionary(fc.constantFrom('x', 'y', 'federal_tax'), fc.constantFrom('1', '2.5', null), {
        noNullPrototype: true,
      }),
    ),
  },
  { requiredKeys: [] },
);

/** The algorithm of RFC 7396, section 2. */
function mergePatch(target: Json, change: Json): Json {
  if (typeof change !== 'object' || change === null || Array.isArray(change)) {
    return change;
  }
  const result = typeof target === 'object' && target !== null && !Array.isArray(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(change)) {
    if (value === null) {
      delete result[name];
    } else {
      result[name] = mergePatch(result[name], value);
    }
  }
  return result;
}

/** A document as the representation shows it: with a null for what is not there. */
function shown({ remit_to_address, tax_breakdown = {}, vendor_id = null, entity = null }: Json): Json {
  return {
    ...{ vendor_id, entity, tax_breakdown },
    remit_to_address: emptyAsNull(remit_to_address && { ...NOTHING, ...remit_to_address }),
  };
}

/** An address without any part is as none. */
function emptyAsNull(address: Json): Json {
  return Object.values(address ?? {}).every((part) => part === null) ? null : address;
}
