import { FIELDS, LINE_FIELDS } from '../../src/model/fields.ts';
import type { Arena, Check } from '../check.ts';
import { type ExactDecimal, randomDecimal } from '../support/exact-decimal.ts';
import { type HttpClient, type Reply, shown } from '../support/http-client.ts';
import type { Tally } from '../support/tally.ts';

const DECIMALS = 10_000;
const LINES = 30;
const FIELD_DECIMALS = namesOfDecimals(FIELDS);
const LINE_DECIMALS = namesOfDecimals(LINE_FIELDS);

/** Decimals come out of the database digit for digit as they went in, by hand-over and by review. */
export const decimals: Check = { name: 'decimals', measures: false, run };

async function run(arena: Arena, tally: Tally): Promise<void> {
  const { random } = arena;
  const client = await arena.client();
  const { url } = await (await arena.place()).start();
  const wanted = arena.count(DECIMALS);
  tally.done = `${wanted} random decimals handed over or reviewed, and read back in both views`;
  for (let index = 0; tally.held + tally.lost < wanted; index += 1) {
    const id = `decimals-${index}`;
    const left = wanted - tally.held - tally.lost;
    const kept = Array.from({ length: Math.min(left, FIELD_DECIMALS.length + LINES * LINE_DECIMALS.length) }, () =>
      randomDecimal(random),
    );
    await handOver({ client, url, id, decimals: kept.filter(({ promised }) => promised) }, tally);
    for (const [unsure, decimal] of kept.filter(({ promised }) => !promised).entries()) {
      await keepOrRefuse({ client, url, id: `${id}-${unsure}`, decimal }, tally);
    }
  }
}

interface Batch {
  readonly client: HttpClient;
  readonly url: string;
  readonly id: string;
  readonly decimals: readonly ExactDecimal[];
}

/** Those of the fields come in by a review, those of the lines with the hand-over. */
async function handOver({ client, url, id, decimals }: Batch, tally: Tally): Promise<void> {
  const fields = decimals.slice(0, FIELD_DECIMALS.length);
  const lines = chunks(decimals.slice(FIELD_DECIMALS.length), LINE_DECIMALS.length);
  const writtenLines = lines.map((line, index) => `{"line_number":${index + 1},${members(LINE_DECIMALS, line)}}`);
  const created = await client.post(url, '/api/v1/invoices', `{"id":"${id}","line_items":[${writtenLines.join(',')}]}`);
  const corrections = fields.map(
    ({ written }, index) =>
      `{"field_name":"${FIELD_DECIMALS[index]}","value":null,"confidence":1,"validated":true,"corrected_value":${written}}`,
  );
  const review = `{"invoice_id":"${id}","expected_review_version":0,"field_validations":[${corrections.join(',')}]}`;
  const reviewed = await client.post(url, '/api/hitl/invoice/validate', review);
  for (const refused of [created, reviewed].filter(({ status }) => status >= 300)) {
    tally.lose(`${id}: ${shown(refused)}`);
  }
  await compare({ client, url, id, fields, lines }, tally);
}

interface Expected {
  readonly client: HttpClient;
  readonly url: string;
  readonly id: string;
  readonly fields: readonly ExactDecimal[];
  readonly lines: readonly (readonly ExactDecimal[])[];
}

async function compare({ client, url, id, fields, lines }: Expected, tally: Tally): Promise<void> {
  const { json: stored } = await client.get(url, `/api/v1/invoices/${id}`);
  const { json: view } = await client.get(url, `/api/hitl/invoice/${id}`);
  for (const [index, { written, read }] of fields.entries()) {
    const name = String(FIELD_DECIMALS[index]);
    const found = [stored[name], view.fields[name].value];
    tally.expect(
      found.every((value) => value === read),
      `${id} ${name}: ${written} reads ${found.join(' and ')}`,
    );
  }
  for (const [number, line] of lines.entries()) {
    for (const [index, { written, read }] of line.entries()) {
      const name = String(LINE_DECIMALS[index]);
      const found = stored.line_items[number]?.[name];
      const shown = view.line_items[number]?.[name] ?? found; // the view leaves one of them out
      tally.expect(
        found === read && shown === read,
        `${id} line ${number + 1} ${name}: ${written} reads ${found}, ${shown}`,
      );
    }
  }
}

interface Unsure {
  readonly client: HttpClient;
  readonly url: string;
  readonly id: string;
  readonly decimal: ExactDecimal;
}

/** What is larger or finer than promised may be refused, but never changed. */
async function keepOrRefuse({ client, url, id, decimal }: Unsure, tally: Tally): Promise<void> {
  const reply = await client.post(url, '/api/v1/invoices', `{"id":"${id}","total_amount":${decimal.written}}`);
  const kept = reply.status === 201 && reply.json.total_amount === decimal.read;
  tally.expect(kept || isTooLong(reply), `${id}: ${decimal.written} was answered ${shown(reply)}`);
}

function isTooLong(reply: Reply): boolean {
  return reply.status === 422 && reply.json.errors[0].code === 'decimal_max_digits';
}

function members(names: readonly string[], values: readonly ExactDecimal[]): string {
  return values.map(({ written }, index) => `"${names[index]}":${written}`).join(',');
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}

function namesOfDecimals(kinds: Readonly<Record<string, string>>): string[] {
  return Object.keys(kinds).filter((name) => kinds[name] === 'decimal');
}
