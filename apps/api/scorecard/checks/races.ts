import type { Arena, Check } from '../check.ts';
import { correct, countHistory, validation } from '../support/api.ts';
import { type HttpClient, type Reply, shown } from '../support/http-client.ts';
import type { Tally } from '../support/tally.ts';

const REVIEWERS = [2, 20, 100, 500];
/** Of these a round of the quick form takes long. */
const MANY_REVIEWERS = 500;
const ROUNDS = 20;
const PROCESSES = [1, 3];

/** Many reviewers who saw the same version send their reviews at the same moment: one of them wins. */
export const races: Check = { name: 'races', measures: false, run };

async function run(arena: Arena, tally: Tally): Promise<void> {
  const client = await arena.client();
  const rounds = arena.count(ROUNDS);
  const sizes = REVIEWERS.filter((reviewers) => rounds === ROUNDS || reviewers < MANY_REVIEWERS);
  tally.done = `${sizes.join(', ')} reviewers of one version, ${rounds} rounds, ${PROCESSES.join(' and ')} processes`;
  for (const processes of PROCESSES) {
    const place = await arena.place();
    const services = await Promise.all(Array.from({ length: processes }, () => place.start()));
    const origins = services.map(({ url }) => url);
    for (const reviewers of sizes) {
      const slowest = [];
      for (let round = 0; round < rounds; round += 1) {
        const id = `race-${reviewers}-${round}`;
        slowest.push(await race({ client, origins, id, reviewers }, tally));
      }
      tally.figures[`slowest of ${reviewers}, ${processes} proc., ms`] = Math.round(Math.max(...slowest));
    }
    await Promise.all(services.map(({ service }) => service.stop()));
  }
}

interface Race {
  readonly client: HttpClient;
  readonly origins: readonly string[];
  readonly id: string;
  readonly reviewers: number;
}

/** Answers how long the last reply took. */
async function race({ client, origins, id, reviewers }: Race, tally: Tally): Promise<number> {
  const [first = ''] = origins;
  await client.post(first, '/api/v1/invoices', { id, vendor_name: 'before' });
  const started = performance.now();
  const replies = await Promise.all(
    Array.from({ length: reviewers }, (_, index) => {
      const reviewer = `reviewer ${index}`;
      const review = validation(id, 0, { reviewer, field_validations: [correct('vendor_name', reviewer)] });
      return client.post(origins[index % origins.length] ?? first, '/api/hitl/invoice/validate', review);
    }),
  );
  const took = performance.now() - started;
  tally.expect(...(await verdict({ client, origin: first, id, replies })));
  return took;
}

interface Raced {
  readonly client: HttpClient;
  readonly origin: string;
  readonly id: string;
  readonly replies: readonly Reply[];
}

async function verdict({ client, origin, id, replies }: Raced): Promise<[boolean, string]> {
  const winners = replies.filter(({ status }) => status === 200);
  const unexpected = replies.find((reply) => reply.status !== 200 && !isStale(reply));
  if (unexpected !== undefined) {
    const count = replies.filter((reply) => reply.status !== 200 && !isStale(reply)).length;
    return [
      false,
      `${id}: ${count} of ${replies.length} replies were neither 200 nor stale, such as ${shown(unexpected)}`,
    ];
  }
  const { json: after } = await client.get(origin, `/api/v1/invoices/${id}`);
  const entries = await countHistory(client, origin, id);
  const holds =
    winners.length === 1 && after.review_version === 1 && entries === 1 && after.vendor_name === after.reviewer;
  return [
    holds,
    `${id}: ${winners.length} winners, version ${after.review_version}, ${entries} entries in the history`,
  ];
}

function isStale(reply: Reply): boolean {
  return reply.status === 409 && reply.json.detail.error_code === 'STALE_WRITE';
}
