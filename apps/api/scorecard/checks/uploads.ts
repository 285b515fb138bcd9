import { createHash } from 'node:crypto';
import { pdf } from '../../test/support/pdf.ts';
import type { Arena, Check } from '../check.ts';
import { fileUpload } from '../support/api.ts';
import { type Reply, shown } from '../support/http-client.ts';
import type { Tally } from '../support/tally.ts';

const UPLOADS = 50;
const ROUNDS = 5;
const PROCESSES = 3;

/** The same bytes, sent by many at the same moment to several processes with one storage, become one document. */
export const uploads: Check = { name: 'uploads', measures: false, run };

async function run(arena: Arena, tally: Tally): Promise<void> {
  const client = await arena.client();
  const place = await arena.place();
  const services = await Promise.all(Array.from({ length: PROCESSES }, () => place.start()));
  const origins = services.map(({ url }) => url);
  const [first = ''] = origins;
  const rounds = arena.count(ROUNDS);
  tally.done = `${UPLOADS} uploads of the same bytes at once, ${rounds} rounds, ${PROCESSES} processes`;
  const total = async () => (await client.get(first, '/api/hitl/invoices?limit=1')).json.total;

  for (let round = 0; round < rounds; round += 1) {
    const before = await total();
    const bytes = pdf({ text: arena.random.digits(20) });
    const replies = await Promise.all(
      Array.from({ length: UPLOADS }, (_, index) =>
        client.send(origins[index % PROCESSES] ?? first, fileUpload(bytes, `copy-${index}.pdf`)),
      ),
    );
    const [created, ...others] = replies.filter(({ status }) => status === 201);
    const id = created?.json.invoice_id;
    const unexpected = replies.find((reply) => reply !== created && !isDuplicateOf(reply, id));
    const added = (await total()) - before;
    const { bytes: stored } = await client.get(first, `/api/hitl/invoice/${id}/pdf`);
    const same = createHash('sha256').update(stored).digest('hex') === created?.json.content_sha256;
    tally.expect(
      others.length === 0 && unexpected === undefined && added === 1 && same && stored.equals(bytes),
      `round ${round}: ${others.length + 1} created, ${added} invoices more${unexpected ? `, also ${shown(unexpected)}` : ''}`,
    );
  }
}

function isDuplicateOf(reply: Reply, id: string): boolean {
  const { error_code, invoice_id } = reply.status === 409 ? reply.json.detail : {};
  return error_code === 'DUPLICATE_DOCUMENT' && invoice_id === id;
}
