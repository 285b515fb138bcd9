import { randomUUID } from 'node:crypto';
import type { Arena, Check } from '../check.ts';
import { type HttpClient, type Reply, shown } from '../support/http-client.ts';
import type { Tally } from '../support/tally.ts';

const REQUESTS = 100;
const ROUNDS = 10;
const PROCESSES = 3;

/** One request with one `Idempotency-Key`, sent by many at the same moment to several processes, has one effect. */
export const idempotency: Check = { name: 'idempotency', measures: false, run };

async function run(arena: Arena, tally: Tally): Promise<void> {
  const client = await arena.client();
  const place = await arena.place();
  const services = await Promise.all(Array.from({ length: PROCESSES }, () => place.start()));
  const origins = services.map(({ url }) => url);
  const rounds = Math.max(2, arena.count(ROUNDS));
  tally.done = `${REQUESTS} requests with one key at once, then the key again, ${rounds} rounds, ${PROCESSES} processes`;
  for (let round = 0; round < rounds; round += 1) {
    await sendOftenAtOnce({ client, origins, round }, tally);
  }
}

interface Round {
  readonly client: HttpClient;
  readonly origins: readonly string[];
  readonly round: number;
}

async function sendOftenAtOnce({ client, origins, round }: Round, tally: Tally): Promise<void> {
  const [first = ''] = origins;
  const key = { 'Idempotency-Key': randomUUID() };
  // Without an id every effect would be another invoice.
  const body = { vendor_name: `vendor of round ${round}`, line_items: [{ line_number: 1 }] };
  const total = async () => (await client.get(first, '/api/hitl/invoices?limit=1')).json.total;
  const before = await total();
  const replies = await Promise.all(
    Array.from({ length: REQUESTS }, (_, index) =>
      client.post(origins[index % PROCESSES] ?? first, '/api/v1/invoices', body, key),
    ),
  );
  const again = await client.post(first, '/api/v1/invoices', body, key);
  const other = await client.post(first, '/api/v1/invoices', { ...body, vendor_name: 'another' }, key);
  const added = (await total()) - before;

  const unexpected = replies.find((reply) => !isReplay(reply, again) && reply.status !== 409);
  tally.expect(unexpected === undefined, `round ${round}: one was answered ${unexpected && shown(unexpected)}`);
  tally.expect(added === 1, `round ${round}: ${added} invoices were made`);
  tally.expect(again.status === 201, `round ${round}: the key again was answered ${shown(again)}`);
  tally.expect(other.status === 422, `round ${round}: the key with another body was answered ${shown(other)}`);
}

/** Whether a reply is, byte for byte, the stored one. */
function isReplay(reply: Reply, stored: Reply): boolean {
  return reply.status === 201 && reply.bytes.equals(stored.bytes);
}
