import { Big } from 'big.js';
import { expect } from 'chai';
import fc from 'fast-check';
import type { Knex } from 'knex';
import { foldCase } from '../src/text.ts';
import { accepted, api, handOver, type Json, stored } from './support/api.ts';
import { onlyOn } from './support/engine.ts';
import { isolation } from './support/isolation.ts';
import { patched, resource } from './support/resources.ts';

async function list(query: Record<string, string> = {}): Promise<Json> {
  const response = await api().get(`/api/v1/invoices?${new URLSearchParams(query)}`);
  expect(response.status, response.text).to.equal(200);
  return response.body;
}

async function ids(query: Record<string, string> = {}): Promise<string[]> {
  return (await list({ limit: '200', ...query })).invoices.map(({ id }: Json) => id);
}

async function refusal(query: string): Promise<unknown[]> {
  const response = await api().get(`/api/v1/invoices?${query}`);
  return [response.status, ...(response.body.errors ?? []).map((error: Json) => `${error.code} ${error.pointer}`)];
}

/** All pages of a list, each got by the link of the one before. */
async function pages(query: Record<string, string>, between: (page: number) => Promise<unknown> = async () => {}) {
  const seen: string[] = [];
  let url: string | null = `/api/v1/invoices?${new URLSearchParams(query)}`;
  for (let page = 0; url !== null; page += 1) {
    expect(page, 'pages').to.be.below(MOST_PAGES);
    const { body, headers, status, text } = await api().get(url);
    expect(status, text).to.equal(200);
    expect(headers['link']).to.equal(body.next === null ? undefined : `<${body.next}>; rel="next"`);
    seen.push(...body.invoices.map(({ id }: Json) => id));
    url = body.next;
    await between(page);
  }
  return seen;
}

describe('the list of /api/v1', () => {
  it('is empty when there are none', async () => {
    expect(await list()).to.deep.equal({ invoices: [], next: null });
  });

  it('says of each invoice what is needed to find and to write it', async () => {
    const invoice = await handOver({
      ...{ id: 'A', invoice_number: 'N', vendor_name: 'V', customer_name: 'C', po_number: 'P', file_name: 'f.pdf' },
      ...{
        invoice_date: '2026-01-31',
        due_date: '2026-02-01',
        total_amount: '12.30',
        extraction_confidence: '0.1234565',
      },
      field_confidence: { vendor_name: 0.74 },
    });
    const { upload_date, updated_at } = invoice;
    expect((await list()).invoices).to.deep.equal([
      {
        ...{ id: 'A', file_name: 'f.pdf', invoice_number: 'N', invoice_date: '2026-01-31', due_date: '2026-02-01' },
        ...{ vendor_name: 'V', customer_name: 'C', po_number: 'P', total_amount: '12.3', currency: 'CAD' },
        ...{
          status: 'EXTRACTED',
          processing_state: 'EXTRACTED',
          review_status: null,
          reviewer: null,
          review_version: 0,
        },
        ...{ extraction_confidence: '0.123457', low_confidence: true, upload_date, updated_at },
      },
    ]);
  });

  it('follows each kind of write', async () => {
    await handOver({ id: 'A', vendor_name: 'Acme', total_amount: '5', field_confidence: { vendor_name: 0.5 } });
    const found = async (query: Record<string, string>) => (await ids(query)).length === 1;
    expect(await found({ q: 'acme', total_max: '5', low_confidence: 'true' })).to.equal(true);
    const correction = {
      field_name: 'vendor_name',
      value: null,
      confidence: 1,
      validated: true,
      corrected_value: 'Bolt',
    };
    await accepted({ invoice_id: 'A', expected_review_version: 0, field_validations: [correction] });
    expect(await found({ q: 'BOLT', vendor: 'Bolt', low_confidence: 'false', review_status: 'pending' })).to.equal(
      true,
    );
    await patched(resource('A'), 1, { total_amount: '-0.01', vendor_name: 'Core', invoice_date: '2026-01-01' });
    expect(await found({ q: 'core', total_max: '-0.01', invoice_date_to: '2026-01-01' })).to.equal(true);
    expect(await found({ q: 'bolt' })).to.equal(false);
  });

  it('compares amounts as numbers', async () => {
    const amounts = ['-100', '-20.5', '-3', '0', '0.00000001', '9', '10', '10.5', '1000000000000000000000000000000000'];
    for (const [index, total_amount] of amounts.entries()) {
      await handOver({ id: `i${index}`, total_amount });
    }
    await handOver({ id: 'none' });
    expect(await ids({ sort: 'total_amount' })).to.deep.equal([...amounts.map((_, index) => `i${index}`), 'none']);
    expect(await ids({ sort: '-total_amount' })).to.deep.equal([
      ...amounts.map((_, index) => `i${index}`).reverse(),
      'none',
    ]);
    expect(await ids({ sort: 'total_amount', total_min: '-20.50', total_max: '10.0' })).to.deep.equal([
      'i1',
      'i2',
      'i3',
      'i4',
      'i5',
      'i6',
    ]);
  });

  it('finds texts in any case, and takes nothing in them for a wildcard', async () => {
    const texts = [
      '100%',
      '100 percent',
      'a_b',
      'axb',
      'a!b',
      'STRASSE',
      'Straße',
      'ÉTÉ',
      'e\u0301te\u0301',
      'οδος',
      'İ',
      'back\\slash',
    ];
    for (const [index, text] of texts.entries()) {
      await handOver({
        id: `i${String(index).padStart(2, '0')}`,
        ...{ [SEARCHED[index % SEARCHED.length] ?? '']: text },
      });
    }
    const found = async (q: string) => (await ids({ q, sort: 'upload_date' })).map((id) => texts[Number(id.slice(1))]);
    expect(await found('%')).to.deep.equal(['100%']);
    expect(await found('_')).to.deep.equal(['a_b']);
    expect(await found('!B')).to.deep.equal(['a!b']);
    expect(await found('\\')).to.deep.equal(['back\\slash']);
    expect(await found('straße')).to.deep.equal(['STRASSE', 'Straße']);
    expect(await found('été')).to.deep.equal(['ÉTÉ', 'e\u0301te\u0301']);
    expect(await found('ΟΔΟΣ')).to.deep.equal(['οδος']);
    expect(await found('i')).to.deep.equal([]);
    expect(await found("'; DROP TABLE invoices; --")).to.deep.equal([]);
  });

  it('takes a day for all of it', async () => {
    for (const time of [
      '2026-01-30T23:59:59.999Z',
      '2026-01-31T00:00:00Z',
      '2026-01-31T23:59:59.999Z',
      '2026-02-01T00:00:00Z',
    ]) {
      await handOver({ id: `i${time.slice(5, 13)}`, upload_date: time });
    }
    const day = { upload_date_from: '2026-01-31', upload_date_to: '2026-01-31' };
    expect(await ids({ sort: 'upload_date', ...day })).to.deep.equal(['i01-31T00', 'i01-31T23']);
    expect(await ids({ upload_date_from: '2026-02-01T01:00:00+01:00' })).to.deep.equal(['i02-01T00']);
    expect(await ids({ upload_date_to: '2026-01-30T23:59:59.999' })).to.deep.equal(['i01-30T23']);
  });

  it('takes an empty filter for none', async () => {
    await handOver({ id: 'A' });
    const empty = [
      'status',
      'vendor',
      'q',
      'total_min',
      'invoice_date_to',
      'upload_date_from',
      'low_confidence',
      'cursor',
    ];
    expect(await ids(Object.fromEntries(empty.map((name) => [name, ''])))).to.deep.equal(['A']);
  });

  it('orders vendors by the beginning of a name that is longer than an index takes', async () => {
    const long = 'v'.repeat(200);
    for (const [id, vendor_name] of [
      ['c', `${long}a`],
      ['b', `${long}b`],
      ['a', `${long}😀`],
      ['d', 'v'.repeat(4_000)],
    ]) {
      await handOver({ id, vendor_name });
    }
    expect(await pages({ sort: 'vendor_name', limit: '1' })).to.deep.equal(['a', 'b', 'c', 'd']);
    expect(await ids({ vendor: `${long}b` })).to.deep.equal(['b']);
    expect(await ids({ vendor: long })).to.deep.equal([]);
  });

  describe('refuses', () => {
    for (const [query, ...problems] of [
      ['color=red', 'unknown_key /color'],
      ['limit=0&total_min=x', 'decimal_parsing /total_min', 'greater_than_equal /limit'],
      ['limit=201', 'less_than_equal /limit'],
      ['sort=vendor', 'string_invalid /sort'],
      ['sort=--upload_date', 'string_invalid /sort'],
      ['status=a&status=b', 'string_type /status'],
      ['processing_state=extracted', 'string_invalid /processing_state'],
      ['invoice_date_from=2026-02-30', 'date_parsing /invoice_date_from'],
      ['upload_date_to=2026-1-1', 'date_parsing /upload_date_to'],
      ['low_confidence=1', 'string_invalid /low_confidence'],
      ['total_max=1e3', 'decimal_parsing /total_max'],
      [`total_max=${'9'.repeat(65)}`, 'decimal_max_digits /total_max'],
      ['vendor=%00', 'string_invalid /vendor'],
      [`q=${'x'.repeat(201)}`, 'string_too_long /q'],
      ['cursor=x', 'string_invalid /cursor'],
      ['cursor=bnVsbA', 'string_invalid /cursor'],
      ['cursor=WzEsMiwzXQ', 'string_invalid /cursor'],
      ['cursor[]=a', 'unknown_key /cursor[]'],
      ['__proto__=1', 'unknown_key /__proto__'],
    ] as const) {
      it(query.slice(0, 40), async () => expect(await refusal(query)).to.deep.equal([422, ...problems]));
    }

    it('a cursor of another list', async () => {
      for (const id of ['a', 'b', 'c']) {
        await handOver({ id, vendor_name: 'V' });
      }
      const { next } = await list({ limit: '1', vendor: 'V', sort: 'vendor_name' });
      const cursor = String(new URL(next, 'http://x').searchParams.get('cursor'));
      const same = { vendor: 'V', sort: 'vendor_name', cursor };
      expect(await ids(same)).to.deep.equal(['b', 'c']);
      for (const other of [
        { sort: '-vendor_name' },
        { vendor: 'W' },
        { vendor: '' },
        { currency: 'CAD' },
        { q: 'v' },
      ]) {
        const query = String(new URLSearchParams({ ...same, ...other }));
        expect(await refusal(query), query).to.deep.equal([422, 'string_invalid /cursor']);
      }
      for (const changed of [cursor.slice(1), cursor.slice(0, -3), `${cursor}AAAA`, cursor.toUpperCase()]) {
        const query = String(new URLSearchParams({ ...same, cursor: changed }));
        expect(await refusal(query), query).to.deep.equal([422, 'string_invalid /cursor']);
      }
    });
  });

  it('shows what a plain filter and a plain sort of the invoices show, whatever they are', async () => {
    const { db } = isolation.current();
    await fc.assert(
      fc.asyncProperty(
        fc.array(invoices, { maxLength: 12 }),
        fc.array(queries, { minLength: 4, maxLength: 4 }),
        async (bodies, all) => {
          await removeAll(db);
          const rows = await handOverAll(bodies);
          for (const query of all) {
            const expected = rows.filter((row) => passes(row, query)).sort(byOrder(query['sort']));
            expect(await pages({ ...query, limit: '3' }), JSON.stringify(query)).to.deep.equal(
              expected.map(({ id }) => id),
            );
          }
        },
      ),
      { numRuns: 15 },
    );
  });

  it('neither misses nor repeats an invoice that keeps its place while others are written', async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(invoices, { minLength: 8, maxLength: 14 }), orders, async (bodies, sort) => {
        run += 1;
        const ofRun = { customer_name: `run ${run}.` };
        const [early, late] = [bodies.slice(0, 7), bodies.slice(7)];
        const rows = await handOverAll(early.map((body) => ({ ...body, ...ofRun, id: `${run}${body.id}` })));
        const [moving, keeping] = [rows.slice(0, 2), rows.slice(2)];
        const seen = await pages({ sort, q: ofRun.customer_name, limit: '2' }, async (page) => {
          if (page > MOST_CHANGES) {
            return; // or there might always be a next page
          }
          const { vendor_name, invoice_date, total_amount, ...rest } = late[page % late.length] ?? {};
          await handOver({ ...rest, ...ofRun, vendor_name, invoice_date, total_amount, id: null });
          for (const { id } of moving) {
            await patched(resource(id), '*', { vendor_name, invoice_date, total_amount });
          }
          await patched(resource(keeping[page % keeping.length]?.id ?? rows[0].id), '*', { notes: `page ${page}` });
        });
        const kept = keeping.sort(byOrder(sort)).map(({ id }) => id);
        expect(seen.filter((id) => kept.includes(id))).to.deep.equal(kept);
      }),
      { numRuns: 8 },
    );
  });

  // The servers take indexes only where there is much to be read.
  onlyOn('sqlite', () => {
    for (const sort of ['upload_date', 'invoice_date', 'total_amount', 'vendor_name', 'updated_at']) {
      it(`reads every page by ${sort} from an index, in both directions`, async () => {
        for (const id of ['a', 'b', 'c']) {
          await handOver({ id, invoice_date: '2026-01-01', total_amount: '1', vendor_name: 'V' });
        }
        for (const order of [sort, `-${sort}`]) {
          const plans = await plansOf(() => pages({ sort: order, limit: '1' }));
          expect(plans).to.have.length.above(2);
          for (const plan of plans) {
            expect(plan).to.match(/^(SEARCH|SCAN) invoices USING INDEX invoices_\w+_id_index[^|]*$/);
          }
        }
      });
    }
  });

  it('begins with the newest upload', async () => {
    for (const [id, upload_date] of [
      ['a', '2026-01-01'],
      ['c', '2026-01-02'],
      ['b', '2026-01-02'],
    ]) {
      await handOver({ id, upload_date: `${upload_date}T00:00:00Z` });
    }
    expect(await ids()).to.deep.equal(['c', 'b', 'a']);
    expect((await stored('a')).review_version).to.equal(0);
  });
});

/** How SQLite carries out each query of invoices that is made meanwhile. */
async function plansOf(work: () => Promise<unknown>): Promise<string[]> {
  const { db } = isolation.current();
  const queries: { sql: string; bindings: Knex.RawBinding[] }[] = [];
  const note = (query: { sql: string; bindings: Knex.RawBinding[] }) => {
    if (/from `invoices`/.test(query.sql)) {
      queries.push(query);
    }
  };
  db.on('query', note);
  await work();
  db.removeListener('query', note);
  const plans: string[] = [];
  for (const { sql, bindings } of queries) {
    const steps: { detail: string }[] = await db.raw(`EXPLAIN QUERY PLAN ${sql}`, bindings);
    plans.push(steps.map(({ detail }) => detail).join(' | '));
  }
  return plans;
}

const MOST_CHANGES = 12;
const MOST_PAGES = 60;

const SEARCHED = ['invoice_number', 'vendor_name', 'customer_name', 'po_number', 'file_name'];

const names = fc.constantFrom('Acme', 'acme', 'Bolt', 'Ägir', 'Zoë', '', null);
const days = fc.constantFrom('2026-01-01', '2026-01-02', '2025-12-31', null);
const amounts = fc.constantFrom('-10', '-9.5', '0', '2', '10', '10.01', null);
const invoices = fc.record({
  id: fc.stringMatching(/^[A-Za-z0-9._-]{1,6}$/).map((id) => `i${id}`),
  upload_date: fc.constantFrom('2026-01-01T00:00:00Z', '2026-01-01T12:00:00Z', '2026-01-02T00:00:00Z'),
  vendor_name: names,
  invoice_date: days,
  total_amount: amounts,
  invoice_number: fc.constantFrom('A-1', 'b_2', null),
  currency: fc.constantFrom('CAD', 'EUR'),
  field_confidence: fc.constantFrom({}, { vendor_name: 0.75 }, { vendor_name: 0.7499, total_amount: 1 }),
});

const orders = fc.constantFrom(
  ...['upload_date', 'invoice_date', 'total_amount', 'vendor_name'].flatMap((name) => [name, `-${name}`]),
);

const some = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: undefined, freq: 2 });
const queries = fc
  .record({
    sort: orders,
    vendor: some(fc.constantFrom('Acme', 'acme', 'Nobody')),
    currency: some(fc.constantFrom('CAD', 'EUR')),
    invoice_date_from: some(fc.constantFrom('2026-01-01', '2026-01-02')),
    invoice_date_to: some(fc.constantFrom('2026-01-01', '2025-12-31')),
    upload_date_from: some(fc.constantFrom('2026-01-02', '2026-01-01T06:00:00Z')),
    upload_date_to: some(fc.constantFrom('2026-01-01', '2026-01-01T12:00:00Z')),
    total_min: some(fc.constantFrom('-9.50', '0', '9')),
    total_max: some(fc.constantFrom('-9.5', '10.0', '10.001')),
    low_confidence: some(fc.constantFrom('true', 'false')),
    q: some(fc.constantFrom('ACME', 'ä', '_', 'ë', '-', 'a')),
  })
  .map(
    (query) =>
      Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined)) as Record<string, string>,
  );

type Row = Record<string, string>;

/** Hands over those whose ids are new, and returns them as they are stored. */
async function handOverAll(bodies: readonly { id: string }[]): Promise<Json[]> {
  const rows = new Map<string, Json>();
  for (const body of bodies) {
    if (!rows.has(body.id)) {
      rows.set(body.id, await handOver(body));
    }
  }
  return [...rows.values()];
}

/** Invoices that nobody wrote again. */
async function removeAll(db: Knex): Promise<void> {
  await db('line_items').delete();
  await db('invoices').delete();
}

/** What the filters mean, said once more and plainly. */
function passes(row: Json, query: Record<string, string>): boolean {
  const { vendor, currency, q } = query;
  const searched = SEARCHED.map((name) => foldCase(row[name] ?? ''));
  const low = Object.values<number>(row.field_confidence).some((value) => value < 0.75);
  const moment = (text: string, end: string) => (text.length === 10 ? `${text}T${end}` : `${text.slice(0, 19)}.000Z`);
  const within = (
    value: string | null,
    from: string | undefined,
    to: string | undefined,
    compare: (a: string, b: string) => number,
  ) =>
    (from === undefined || (value !== null && compare(value, from) >= 0)) &&
    (to === undefined || (value !== null && compare(value, to) <= 0));
  const { upload_date_from: from, upload_date_to: to } = query;
  return (
    (vendor === undefined || row.vendor_name === vendor) &&
    (currency === undefined || row.currency === currency) &&
    (q === undefined || searched.some((text) => text.includes(foldCase(q)))) &&
    (query['low_confidence'] === undefined || String(low) === query['low_confidence']) &&
    within(row.invoice_date, query['invoice_date_from'], query['invoice_date_to'], compareTexts) &&
    within(row.total_amount, query['total_min'], query['total_max'], (a, b) => new Big(a).cmp(b)) &&
    within(row.upload_date, from && moment(from, '00:00:00.000Z'), to && moment(to, '23:59:59.999Z'), compareTexts)
  );
}

function byOrder(sort = '-upload_date'): (a: Row, b: Row) => number {
  const name = sort.replace('-', '');
  const sign = sort.startsWith('-') ? -1 : 1;
  const compare = name === 'total_amount' ? (a: string, b: string) => new Big(a).cmp(b) : compareTexts;
  return (a, b) => {
    const [x = null, y = null] = [a[name], b[name]];
    if (x === null || y === null) {
      return Number(x === null) - Number(y === null) || sign * compareTexts(String(a['id']), String(b['id']));
    }
    return sign * (compare(x, y) || compareTexts(String(a['id']), String(b['id'])));
  };
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
