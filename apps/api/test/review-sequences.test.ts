import { expect } from 'chai';
import fc from 'fast-check';
import { handOver, history, type Json, validate, view } from './support/api.ts';

const NAMES = ['vendor_name', 'po_number', 'total_amount', 'federal_tax'] as const;
const CLEARS: Record<string, readonly string[]> = {
  po_number: ['po_number'],
  tax_breakdown: ['federal_tax'],
  line_items: [],
};

interface Entry {
  field_name: string;
  value: null;
  confidence: number;
  validated: boolean;
  corrected_value?: string | null;
}

interface LineEntry {
  line_number: number;
  validated: boolean;
  corrections?: { description?: string; line_number?: number; delete?: boolean };
}

interface Review {
  staleBy: number;
  fields: Entry[];
  lines: LineEntry[];
  clears: string[];
}

/** What an invoice should be like, in the simplest terms that do. */
class Model {
  version = 0;
  values = new Map<string, string | null>(NAMES.map((name) => [name, null]));
  confirmed = new Set<string>();
  lines = new Map<number, string | null>([[1, 'one']]);
  changes: string[][] = [];

  /** The status to expect; the model moves on when it is 200. */
  submit(review: Review): number {
    if (review.staleBy !== 0) {
      return 409;
    }
    const lines = this.#linesAfter(review.lines);
    if (lines === undefined) {
      return 422;
    }
    const changed = new Set<string>();
    const overruled = review.clears.flatMap((clear) => CLEARS[clear] ?? []);
    for (const { field_name, validated, corrected_value } of review.fields) {
      if (!validated || overruled.includes(field_name)) {
        continue;
      }
      this.confirmed.add(field_name);
      if (typeof corrected_value === 'string' && this.values.get(field_name) !== corrected_value) {
        this.values.set(field_name, corrected_value);
        changed.add(field_name);
      }
    }
    for (const name of overruled) {
      this.values.set(name, null);
      this.confirmed.delete(name);
    }
    const after = review.clears.includes('line_items') ? new Map<number, string | null>() : lines;
    if (spelled(after) !== spelled(this.lines)) {
      changed.add('line_items');
    }
    for (const clear of review.clears) {
      changed.add(clear);
    }
    this.lines = after;
    this.changes.push([...changed].sort());
    this.version += 1;
    return 200;
  }

  #linesAfter(entries: LineEntry[]): Map<number, string | null> | undefined {
    const known = new Map([...this.lines].map(([number, description]) => [number, { number, description }]));
    const created = new Map<number, string | null>();
    for (const { line_number, validated, corrections } of entries) {
      const line = known.get(line_number);
      if (corrections?.delete) {
        known.delete(line_number);
      } else if (validated && line !== undefined) {
        line.description = corrections?.description ?? line.description;
        line.number = corrections?.line_number ?? line.number;
      } else if (validated) {
        const renumbered = (corrections?.line_number ?? line_number) !== line_number;
        if (
          corrections === undefined ||
          Object.keys(corrections).length === 0 ||
          renumbered ||
          created.has(line_number)
        ) {
          return undefined;
        }
        created.set(line_number, corrections.description ?? null);
      }
    }
    const all = [...[...known.values()].map(({ number, description }) => [number, description] as const), ...created];
    const after = new Map(all);
    return after.size === all.length ? after : undefined;
  }
}

const text = fc.constantFrom('a', 'b', 'c');
const number = fc.integer({ min: 1, max: 4 });

const entry: fc.Arbitrary<Entry> = fc
  .tuple(fc.constantFrom(...NAMES), fc.boolean(), fc.option(fc.constantFrom('1', '2', '3')))
  .map(([field_name, validated, corrected_value]) => ({
    field_name,
    value: null,
    confidence: 0.5,
    validated,
    corrected_value,
  }));

const lineEntry: fc.Arbitrary<LineEntry> = fc.record(
  {
    line_number: number,
    validated: fc.boolean(),
    corrections: fc.record({ description: text, line_number: number, delete: fc.constant(true) }, { requiredKeys: [] }),
  },
  { requiredKeys: ['line_number', 'validated'] },
);

const review: fc.Arbitrary<Review> = fc.record({
  staleBy: fc.constantFrom(0, 0, 0, 0, 1, -1),
  fields: fc.uniqueArray(entry, { selector: ({ field_name }) => field_name, maxLength: 3 }),
  lines: fc.array(lineEntry, { maxLength: 4 }),
  clears: fc.array(fc.constantFrom(...Object.keys(CLEARS)), { maxLength: 1 }),
});

describe('reviews one after another', () => {
  it('leave an invoice as a small model says, whatever they do', async () => {
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(review, { minLength: 1, maxLength: 6 }), async (reviews) => {
        runs += 1;
        const id = `run-${runs}`;
        await handOver({ id, line_items: [{ line_number: 1, description: 'one' }] });
        const model = new Model();
        for (const each of reviews) {
          const version = model.version;
          const response = await submit(id, version + each.staleBy, each);
          expect(response.status, response.text).to.equal(model.submit(each));
          if (response.status === 409) {
            const since = model.changes.slice(Math.max(0, version + each.staleBy));
            expect(response.body.detail.changed_fields).to.deep.equal([...new Set(since.flat())].sort());
          }
        }
        await expectEqual(id, model);
      }),
      { numRuns: 40 },
    );
  });
});

function submit(id: string, version: number, { fields, lines, clears }: Review) {
  return validate({
    invoice_id: id,
    expected_review_version: version,
    field_validations: fields,
    line_item_validations: lines,
    clear_fields: clears,
  });
}

async function expectEqual(id: string, model: Model): Promise<void> {
  const body = await view(id);
  expect(body.review_version).to.equal(model.version);
  for (const name of ['vendor_name', 'po_number', 'total_amount']) {
    const { value, validated } = body.fields[name];
    const absent = name === 'vendor_name' ? 'Not extracted' : null;
    expect([name, value, validated]).to.deep.equal([name, model.values.get(name) ?? absent, model.confirmed.has(name)]);
  }
  const lines = body.line_items.map((line: Json) => [line.line_number, line.description] as const);
  expect(spelled(new Map(lines), 'Not extracted')).to.equal(spelled(model.lines, 'Not extracted'));
  expect((await history(id)).map(({ changed_fields }) => changed_fields)).to.deep.equal(model.changes);
}

function spelled(lines: Map<number, string | null>, absent: string | null = null): string {
  return JSON.stringify([...lines].map(([key, value]) => [key, value ?? absent]).sort());
}
