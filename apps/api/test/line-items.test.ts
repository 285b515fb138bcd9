import { expect } from 'chai';
import type { Response } from 'supertest';
import { accepted, api, handOver, history, type Json, stored, view, writesNothing } from './support/api.ts';
import { isolation } from './support/isolation.ts';
import { at, patch, patched, refusalOf, resource } from './support/resources.ts';

const LINES = resource('A', '/line-items');
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

async function lines(): Promise<Json[]> {
  const response = await api().get(LINES);
  expect(response.status, response.text).to.equal(200);
  return response.body.line_items;
}

/** The ids of the lines by what they describe. */
async function ids(): Promise<Record<string, string>> {
  return Object.fromEntries((await lines()).map(({ description, id }) => [description, id]));
}

async function add(tag: string | number | null, line: unknown): Promise<Response> {
  return at(tag, api().post(LINES)).send(line as object);
}

async function remove(id: string | undefined, tag: string | number | null): Promise<Response> {
  return at(tag, api().delete(`${LINES}/${id}`));
}

describe('the line items of an invoice', () => {
  beforeEach(async () => {
    await handOver({
      id: 'A',
      line_items: [
        { line_number: 2, description: 'b', amount: '2.50', confidence: 0.5 },
        { line_number: 1, description: 'a' },
        { line_number: 7, description: 'c' },
      ],
    });
  });

  it('are listed by number, each as in the invoice and with an id of its own', async () => {
    const response = await api().get(LINES);
    expect(response.headers['etag']).to.equal('"0"');
    const listed = response.body.line_items;
    expect(new Set(listed.map(({ id }: Json) => id)).size).to.equal(3);
    for (const { id } of listed) {
      expect(id).to.match(UUID);
    }
    expect(listed.map(({ id, ...line }: Json) => line)).to.deep.equal((await stored('A')).line_items);
    expect(await lines()).to.deep.equal(listed);
    expect((await api().get(LINES).set('If-None-Match', '"0"')).status).to.equal(304);
  });

  it('are read one by one', async () => {
    for (const line of await lines()) {
      const response = await api().get(`${LINES}/${line.id}`);
      expect([response.status, response.body, response.headers['etag']]).to.deep.equal([200, line, '"0"']);
    }
  });

  it('keep their ids when a review renumbers, corrects, adds and deletes', async () => {
    const before = await ids();
    await accepted({
      ...{ invoice_id: 'A', expected_review_version: 0 },
      line_item_validations: [
        { line_number: 1, validated: true, corrections: { line_number: 2 } },
        { line_number: 2, validated: true, corrections: { line_number: 1, amount: '9' } },
        { line_number: 7, corrections: { delete: true } },
        { line_number: 8, validated: true, corrections: { description: 'd' } },
      ],
    });

    const after = await ids();
    expect([after['a'], after['b']]).to.deep.equal([before['a'], before['b']]);
    expect((await lines()).map(({ description, line_number }) => [description, line_number])).to.deep.equal([
      ['b', 1],
      ['a', 2],
      ['d', 8],
    ]);
    expect(Object.values(before)).not.to.include(after['d']);
  });

  it('are added, read and shown to reviewers', async () => {
    const response = await add(0, { line_number: 4, description: 'new', amount: '40.00' });
    expect(response.status, response.text).to.equal(201);
    expect(response.headers).to.include({ etag: '"1"', location: `${LINES}/${response.body.id}` });
    expect(response.body).to.include({ line_number: 4, amount: '40', confidence: 0, validated: false });

    expect((await api().get(String(response.headers['location']))).body).to.deep.equal(response.body);
    expect((await view('A')).line_items.map((line: Json) => line.line_number)).to.deep.equal([1, 2, 4, 7]);
    expect(await history('A')).to.have.length(1);
    expect((await history('A'))[0]).to.deep.include({ status: 'edited', changed_fields: ['line_items'] });
  });

  it('are changed by a merge patch, which takes the confirmation away', async () => {
    await accepted({
      ...{ invoice_id: 'A', expected_review_version: 0, reviewer: 'ann' },
      line_item_validations: [1, 2, 7].map((line_number) => ({ line_number, validated: true })),
    });
    const { a, b, c } = await ids();
    const after = await patched(`${LINES}/${b}`, 1, { amount: '3.10', description: null });
    expect(after).to.include({ id: b, line_number: 2, amount: '3.1', description: null, validated: false });
    expect(after).to.include({ validated_by: null, validated_at: null, confidence: 0.5 });
    const moved = await patched(`${LINES}/${a}`, 2, { line_number: 12 });
    expect(moved).to.include({ id: a, line_number: 12, description: 'a', validated: true, validated_by: 'ann' });
    const same = await patched(`${LINES}/${c}`, 3, { description: 'c', line_number: 7 });
    expect(same).to.include({ id: c, validated: true });

    const changed = (await history('A')).map((entry) => entry.changed_fields);
    expect(changed).to.deep.equal([[], ['line_items'], ['line_items'], []]);
    expect((await stored('A')).review_version).to.equal(4);
  });

  it('are removed, and their numbers can be used again by others', async () => {
    const { a } = await ids();
    const response = await remove(a, 0);
    expect([response.status, response.text, response.headers['etag']]).to.deep.equal([204, '', '"1"']);
    expect((await api().get(`${LINES}/${a}`)).status).to.equal(404);

    const added = await add(1, { line_number: 1 });
    expect(added.status).to.equal(201);
    expect(added.body.id).not.to.equal(a);
  });

  it('have unique ids in the whole database', async () => {
    const { db } = isolation.current();
    await handOver({ id: 'B', line_items: [{ line_number: 1 }] });
    const [id] = await db('line_items').where({ invoice_id: 'A' }).pluck('id');
    const failure = await db('line_items')
      .where({ invoice_id: 'B' })
      .update({ id })
      .catch((error: Error) => error);
    expect(failure).to.be.instanceOf(Error);
    expect((await api().get(resource('B', `/line-items/${id}`))).status).to.equal(404);
  });

  describe('are not written', () => {
    const refused = async (request: () => Promise<Response>, ...expected: unknown[]) => {
      const response = await writesNothing(request);
      expect(refusalOf(response), response.text).to.deep.equal(expected);
    };

    it('without If-Match', async () => {
      const { a } = await ids();
      await refused(() => add(null, { line_number: 3 }), 428);
      await refused(() => patch(`${LINES}/${a}`, null, {}), 428);
      await refused(() => remove(a, null), 428);
    });

    it('for an old version', async () => {
      const { a } = await ids();
      await patched(`${LINES}/${a}`, 0, { amount: '1' });
      for (const send of [() => add(0, { line_number: 1 }), () => patch(`${LINES}/${a}`, 0, {}), () => remove(a, 0)]) {
        const response = await writesNothing(send);
        expect(response.status).to.equal(412);
        expect(response.body).to.deep.include({ current_review_version: 1, changed_fields: ['line_items'] });
      }
    });

    it('with a number that another line has', async () => {
      const { a } = await ids();
      await refused(() => add(0, { line_number: 2 }), 422, 'duplicate_line /line_number');
      await refused(() => patch(`${LINES}/${a}`, 0, { line_number: 7 }), 422, 'duplicate_line /line_number');
    });

    it('with keys or values that are none', async () => {
      const { a } = await ids();
      await refused(
        () => add(0, { amount: '1,0', id: 'x' }),
        422,
        'missing /line_number',
        'decimal_parsing /amount',
        'unknown_key /id',
      );
      await refused(() => patch(`${LINES}/${a}`, 0, { confidence: 1 }), 422, 'unknown_key /confidence');
      await refused(() => patch(`${LINES}/${a}`, 0, { line_number: null }), 422, 'int_parsing /line_number');
      await refused(() => patch(`${LINES}/${a}`, 0, { line_number: 0 }), 422, 'greater_than_equal /line_number');
    });

    it('beyond a thousand', async () => {
      const many = Array.from({ length: 1_000 }, (_, index) => ({ line_number: index + 1 }));
      await handOver({ id: 'M', line_items: many });
      const response = await at(0, api().post(resource('M', '/line-items'))).send({ line_number: 1_001 });
      expect(refusalOf(response)).to.deep.equal([422, 'list_type ']);
    });

    it('where there is none, or no invoice', async () => {
      for (const id of ['nobody', 'x'.repeat(500), '%00', '__proto__', '1']) {
        expect((await patch(`${LINES}/${id}`, 0, {})).status, id).to.equal(404);
        expect((await remove(id, 0)).status, id).to.equal(404);
        expect((await api().get(`${LINES}/${id}`)).status, id).to.equal(404);
        expect((await api().get(resource(id, '/line-items'))).status, id).to.equal(404);
        expect((await at(0, api().post(resource(id, '/line-items'))).send({ line_number: 1 })).status, id).to.equal(
          404,
        );
      }
    });

    it('before the invoice is extracted', async () => {
      await handOver({ id: 'P', processing_state: 'PENDING' });
      const response = await at(0, api().post(resource('P', '/line-items'))).send({ line_number: 1 });
      expect(response.status).to.equal(409);
    });
  });
});
