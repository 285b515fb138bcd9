import { type AcceptedWrite, SERIAL_FIELDS, type SerialInvoice, type SerialWrite } from '../model/serial-invoice.ts';
import { type HttpClient, shown } from '../support/http-client.ts';
import type { Random } from '../support/random.ts';
import type { Tally } from '../support/tally.ts';
import { validate, WAYS } from './mixed-writes-ways.ts';

/** All that was tried with one invoice. */
export interface Ledger {
  readonly id: string;
  readonly created: SerialInvoice;
  readonly accepted: AcceptedWrite[];
  stale: number;
  readonly reads: ReadState[];
}

/** One client at work. */
export interface Session {
  readonly client: HttpClient;
  readonly url: string;
  readonly random: Random;
  /** Of all clients. */
  readonly ledgers: Ledger[];
  /** How many changes were accepted, by the way in which they came. */
  readonly accepted: Map<string, number>;
  readonly tally: Tally;
}

const HAND_OVERS = 0.1;
const STALE_ON_PURPOSE = 0.1;
/** Few are written at a time, so that clients meet. */
const BUSY = 12;

/** Hands an invoice over, or reads one and changes it. */
export async function writeOnce(session: Session): Promise<void> {
  const { ledgers, random } = session;
  const ledger = random.pick(ledgers.length > 0 ? ledgers.slice(-BUSY) : [undefined]);
  await (ledger === undefined || random.chance(HAND_OVERS) ? handOver(session) : change(session, ledger));
}

async function handOver({ client, url, random, ledgers, tally }: Session): Promise<void> {
  const id = `mixed-${random.digits(12)}`;
  const empty = { vendor_name: null, po_number: null, total_amount: null };
  const created = { fields: { ...empty, ...randomFields(random) }, lines: randomLines(random) };
  const line_items = [...created.lines].map(([line_number, description]) => ({ line_number, description }));
  const reply = await client.post(url, '/api/v1/invoices', { id, ...created.fields, line_items });
  tally.expect(reply.status === 201, `a hand-over was answered ${shown(reply)}`);
  if (reply.status === 201) {
    ledgers.push({ id, created, accepted: [], stale: 0, reads: [] });
  }
}

async function change({ client, url, random, accepted, tally }: Session, ledger: Ledger): Promise<void> {
  const chosen = random.pick(WAYS);
  const read = await readInvoice(client, url, ledger.id);
  ledger.reads.push(read);
  const staleBy = random.chance(STALE_ON_PURPOSE) && read.version > 0 ? 1 : 0;
  const expected = read.version - staleBy;
  const wanted = randomWrite(random);
  const lineIds = chosen.needsLineIds ? await readLineIds(client, url, ledger.id, read.version) : NO_IDS;
  const narrowed = chosen.narrow(wanted, { ...read, lineIds });
  const [way, write] = narrowed === undefined ? [validate, wanted] : [chosen, narrowed];
  const reply = await client.send(url, way.call(ledger.id, expected, write, { ...read, lineIds }));
  const version = way.versionOf(reply);
  if (version === undefined) {
    const current = way.staleAt(reply);
    const isStale = current !== undefined && current !== expected;
    tally.expect(isStale, `${ledger.id}: a ${way.name} of ${expected} was answered ${shown(reply)}`);
    ledger.stale += 1;
  } else {
    tally.expect(staleBy === 0, `${ledger.id}: a stale ${way.name} was accepted`);
    ledger.accepted.push({ version, write });
    accepted.set(way.name, (accepted.get(way.name) ?? 0) + 1);
  }
}

/** What is stored of an invoice, as far as the model goes. */
export async function readInvoice(client: HttpClient, url: string, id: string): Promise<ReadState> {
  const { json } = await client.get(url, `/api/v1/invoices/${id}`);
  const lines: { line_number: number; description: string }[] = json.line_items;
  return {
    version: json.review_version,
    state: {
      fields: { vendor_name: json.vendor_name, po_number: json.po_number, total_amount: json.total_amount },
      lines: new Map(lines.map(({ line_number, description }) => [line_number, description])),
    },
  };
}

const NO_IDS: ReadonlyMap<number, string> = new Map();

/** None when the invoice has been written since. */
async function readLineIds(client: HttpClient, url: string, id: string, version: number) {
  const { json, headers } = await client.get(url, `/api/v1/invoices/${id}/line-items`);
  const lines: { id: string; line_number: number }[] = json.line_items;
  return headers.etag === `"${version}"` ? new Map(lines.map((line) => [line.line_number, line.id])) : NO_IDS;
}

/** An invoice as one read showed it. */
export interface ReadState {
  readonly version: number;
  readonly state: SerialInvoice;
}

/** The same with the ids of its lines. */
export interface ReadInvoice extends ReadState {
  /** By line number. */
  readonly lineIds: ReadonlyMap<number, string>;
}

function randomWrite(random: Random): SerialWrite {
  const lines = [...randomLines(random)].map(([number, text]) => [number, random.chance(0.3) ? null : text] as const);
  const clears = (['po_number', 'line_items'] as const).filter(() => random.chance(0.07));
  return { fields: randomFields(random), lines: new Map(lines), clears };
}

function randomFields(random: Random): SerialWrite['fields'] {
  const values = {
    vendor_name: `v${random.digits(6)}`,
    po_number: `p${random.digits(6)}`,
    total_amount: `1${random.digits(8)}`,
  };
  return Object.fromEntries(SERIAL_FIELDS.filter(() => random.chance(0.5)).map((name) => [name, values[name]]));
}

function randomLines(random: Random): Map<number, string> {
  const numbers = [1, 2, 3, 4, 5, 6].filter(() => random.chance(0.3));
  return new Map(numbers.map((number) => [number, `line ${random.digits(6)}`]));
}
