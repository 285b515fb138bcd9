import { expect } from 'chai';
import { accepted, handOver, history, type Json, stored, validate, view, writesNothing } from './support/api.ts';

const NOW = { now: () => new Date('2099-01-02T03:04:05.678Z') };
const CONFIRMED = { validated: true, validated_by: 'ann', validated_at: '2099-01-02T03:04:05.678Z' };

function entry(line_number: number, corrections?: object | null, validated = true): object {
  return { line_number, validated, ...(corrections === undefined ? {} : { corrections }) };
}

async function review(...line_item_validations: object[]): Promise<void> {
  await accepted({ invoice_id: 'A', expected_review_version: 0, reviewer: 'ann', line_item_validations }, NOW);
}

async function refused(...line_item_validations: object[]): Promise<Json[]> {
  const body = { invoice_id: 'A', expected_review_version: 0, line_item_validations };
  const response = await writesNothing(() => validate(body));
  expect(response.status, response.text).to.equal(422);
  return response.body.detail.map(({ type, loc }: Json) => [type, ...loc.slice(2)]);
}

/** Line numbers with their descriptions. */
async function lines(): Promise<[number, string | null][]> {
  return (await stored('A')).line_items.map((line: Json) => [line.line_number, line.description]);
}

async function changedFields(): Promise<string[]> {
  return (await history('A'))[0].changed_fields;
}

describe('correcting lines', () => {
  beforeEach(async () => {
    await handOver({
      id: 'A',
      line_items: [
        { line_number: 1, description: 'one', amount: '10.00', confidence: 0.5, region_code: 'R' },
        { line_number: 2, description: 'two', amount: '20', confidence: 0.995 },
        { line_number: 10, description: 'ten' },
      ],
    });
  });

  it('sets each key that is sent, confirms the line and keeps the rest', async () => {
    const [first, second, tenth] = (await stored('A')).line_items;
    await review(
      entry(1, { amount: '', tax_rate: 0.09975, region_code: null, acceptance_percentage: '97.50' }),
      entry(2, { project_code: 'P' }),
    );

    expect((await stored('A')).line_items).to.deep.equal([
      {
        ...first,
        ...{ amount: null, tax_rate: '0.09975', region_code: null, acceptance_percentage: '97.5', confidence: 0.99 },
        ...CONFIRMED,
      },
      { ...second, project_code: 'P', ...CONFIRMED },
      tenth,
    ]);
    expect(await changedFields()).to.deep.equal(['line_items']);
  });

  it('takes every key of a line', async () => {
    const texts = ['description', 'unit_of_measure', 'project_code', 'cost_centre_code', 'airport_code', 'region_code'];
    const decimals = [
      ...['quantity', 'unit_price', 'amount', 'tax_rate', 'tax_amount', 'gst_amount', 'pst_amount', 'qst_amount'],
      ...['combined_tax', 'acceptance_percentage'],
    ];
    const all = Object.fromEntries([...texts.map((name) => [name, name]), ...decimals.map((name) => [name, '1.5'])]);
    await review(entry(1, all), entry(3, { ...all, line_number: 3 }));

    const body = await stored('A');
    expect(body.line_items[0]).to.include({ line_number: 1, ...all });
    expect(body.line_items[2]).to.include({ line_number: 3, ...all, confidence: 0.99, ...CONFIRMED });
  });

  it('creates a line that is not there, sorted in by its number', async () => {
    await review(entry(5, { description: 'five' }), entry(7, { line_number: '7', amount: 1 }));

    expect(await lines()).to.deep.equal([
      [1, 'one'],
      [2, 'two'],
      [5, 'five'],
      [7, null],
      [10, 'ten'],
    ]);
    expect((await view('A')).line_items[2]).to.include({ amount: '0', confidence: 0.99, ...CONFIRMED });
  });

  for (const corrections of [undefined, null, {}]) {
    it(`confirms a line for corrections ${JSON.stringify(corrections)}`, async () => {
      const [first] = (await stored('A')).line_items;
      await review(entry(1, corrections));

      expect((await stored('A')).line_items[0]).to.deep.equal({ ...first, ...CONFIRMED });
      expect(await changedFields()).to.deep.equal([]);
    });
  }

  it('changes nothing where validated is false, whatever the values, and keeps the note', async () => {
    const before = (await stored('A')).line_items;
    await review(
      { ...entry(1, { amount: 'NaN', line_number: 'x' }, false), validation_notes: 'blurred' },
      entry(77, null, false),
    );

    expect((await stored('A')).line_items).to.deep.equal(before);
    const [only] = await history('A');
    expect(only.changed_fields).to.deep.equal([]);
    expect(only.line_notes).to.deep.equal([{ line_number: 1, notes: 'blurred' }]);
  });

  it('deletes lines, also where validated is false; an unknown number is no error', async () => {
    await review(
      entry(1, { delete: true }, false),
      entry(10, { delete: true, amount: 'NaN' }),
      entry(77, { delete: true }),
    );

    expect(await lines()).to.deep.equal([[2, 'two']]);
    expect(await changedFields()).to.deep.equal(['line_items']);
  });

  it('calls the lines unchanged when only an unknown number was deleted', async () => {
    await review(entry(77, { delete: true }));

    expect(await changedFields()).to.deep.equal([]);
  });

  it('creates a deleted number anew, without anything of the old line', async () => {
    await review(entry(1, { delete: true }), entry(1, { description: 'new' }));

    const [first] = (await stored('A')).line_items;
    expect(first).to.deep.include({
      line_number: 1,
      description: 'new',
      amount: null,
      region_code: null,
      confidence: 0.99,
    });
  });

  it('swaps two numbers', async () => {
    await review(entry(1, { line_number: 2 }), entry(2, { line_number: 1 }));

    expect(await lines()).to.deep.equal([
      [1, 'two'],
      [2, 'one'],
      [10, 'ten'],
    ]);
  });

  it('rotates numbers and moves a line to one that is deleted later', async () => {
    await review(entry(2, { line_number: 10 }), entry(1, { line_number: 2.0 }), entry(10, { delete: true }));

    expect(await lines()).to.deep.equal([
      [2, 'one'],
      [10, 'two'],
    ]);
  });

  it('addresses a line by the number it had before the request, also after it was renumbered', async () => {
    await review(entry(1, { line_number: 3 }), entry(1, { description: 'still one' }));

    expect(await lines()).to.deep.equal([
      [2, 'two'],
      [3, 'still one'],
      [10, 'ten'],
    ]);
  });

  it('lets the last of two corrections of one line win', async () => {
    await review(entry(1, { amount: '1', description: 'a' }), entry(1, { amount: '2' }));

    expect((await stored('A')).line_items[0]).to.include({ amount: '2', description: 'a' });
  });

  it('refuses a number that two lines would have', async () => {
    expect(await refused(entry(1, { line_number: 2 }))).to.deep.equal([
      ['duplicate_line', 0, 'corrections', 'line_number'],
    ]);
    expect(await refused(entry(1, { line_number: 3 }), entry(2, { line_number: 3 }))).to.deep.equal([
      ['duplicate_line', 1, 'corrections', 'line_number'],
    ]);
    expect(await refused(entry(1, { line_number: 3 }), entry(3, { amount: '1' }))).to.deep.equal([
      ['duplicate_line', 1, 'line_number'],
    ]);
  });

  it('refuses two creations of one number', async () => {
    expect(await refused(entry(3, { amount: '1' }), entry(3, { amount: '1' }))).to.deep.equal([
      ['duplicate_line', 1, 'line_number'],
    ]);
  });

  it('refuses to confirm a line that is not there or was deleted just now', async () => {
    expect(await refused(entry(3), entry(1, { delete: true }), entry(1))).to.deep.equal([
      ['line_not_found', 0, 'line_number'],
      ['line_not_found', 2, 'line_number'],
    ]);
  });

  it('refuses to renumber a line that is not there', async () => {
    expect(await refused(entry(3, { line_number: 4, amount: '1' }))).to.deep.equal([
      ['line_not_found', 0, 'corrections', 'line_number'],
    ]);
  });

  for (const validated of [true, false]) {
    it(`refuses unknown keys when validated is ${validated}`, async () => {
      const corrections = { colour: 'red', confidence: 1, __proto: 1, validated: true };
      expect(await refused(entry(1, corrections, validated))).to.have.deep.members(
        Object.keys(corrections).map((key) => ['unknown_key', 0, 'corrections', key]),
      );
    });
  }

  it('refuses values of another type and names the key of the line', async () => {
    const corrections = {
      ...{ description: 5, quantity: 'x', unit_price: true, project_code: {}, line_number: 0, delete: 'yes' },
      ...{ cost_centre_code: 'x'.repeat(4001) },
    };
    expect(await refused(entry(1, corrections))).to.have.deep.members([
      ['string_type', 0, 'corrections', 'description'],
      ['decimal_parsing', 0, 'corrections', 'quantity'],
      ['decimal_parsing', 0, 'corrections', 'unit_price'],
      ['string_type', 0, 'corrections', 'project_code'],
      ['greater_than_equal', 0, 'corrections', 'line_number'],
      ['bool_type', 0, 'corrections', 'delete'],
      ['string_too_long', 0, 'corrections', 'cost_centre_code'],
    ]);
  });
});
