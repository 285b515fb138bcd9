import { checkReply } from '../../test/support/openapi.ts';
import type { Arena, Check } from '../check.ts';
import { GeneratedRequests, type Known, type KnownLine } from '../openapi/generated-request.ts';
import { isObject } from '../openapi/sample.ts';
import type { Call, HttpClient, Reply } from '../support/http-client.ts';
import { Random } from '../support/random.ts';
import type { Tally } from '../support/tally.ts';

const REQUESTS = 10_000;
const CLIENTS = 8;
const MOST_KNOWN = 200;

/** Requests made from the OpenAPI document that the service serves, right and wrong, get a reply that it describes. */
export const generatedRequests: Check = { name: 'openapi', measures: false, run };

async function run(arena: Arena, tally: Tally): Promise<void> {
  const place = await arena.place();
  const { url } = await place.start({ LOAD_SAMPLES: 'true' });
  const known = { ids: [] as string[], lines: [] as KnownLine[] };
  const left = { requests: arena.count(REQUESTS) };
  const statuses = new Map<number, number>();
  await Promise.all(
    Array.from({ length: CLIENTS }, async (_, index) => {
      const client = await arena.client();
      const { json: document } = await client.get(url, '/api/v1/openapi.json');
      const requests = new GeneratedRequests(document, new Random(`${arena.random.digits(9)} ${index}`));
      while (left.requests > 0) {
        left.requests -= 1;
        const status = await sendOne({ client, url, call: requests.next(known), known }, tally);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    }),
  );
  tally.done = `${arena.count(REQUESTS)} requests made from the OpenAPI document, ${CLIENTS} clients`;
  tally.figures['replies by status'] = [...statuses]
    .sort(([a], [b]) => a - b)
    .map(([status, count]) => `${status} x ${count}`)
    .join(', ');
}

interface Sent {
  readonly client: HttpClient;
  readonly url: string;
  readonly call: Call;
  readonly known: Known & { readonly ids: string[]; readonly lines: KnownLine[] };
}

/** Answers the status; 0 when there was no reply. */
async function sendOne({ client, url, call, known }: Sent, tally: Tally): Promise<number> {
  const what = `${call.method} ${call.path} ${String(call.body ?? '').slice(0, 300)}`;
  const reply = await client.send(url, call).catch((error: Error) => error);
  if (reply instanceof Error) {
    tally.lose(`${what}: ${reply.message}`);
    return 0;
  }
  const problem = reply.status >= 500 ? 'an error of the server' : wrongWith(call, reply);
  tally.expect(
    problem === undefined,
    `${what}: ${problem}: ${reply.status} ${reply.bytes.toString('utf8').slice(0, 200)}`,
  );
  remember(call.path, reply, known);
  return reply.status;
}

/** In which way a reply is not as the document says; undefined when it is. */
function wrongWith({ method = 'GET', path }: Call, { status, headers, bytes }: Reply): string | undefined {
  try {
    checkReply({ method, path: path.replace(/\?.*$/s, ''), status, headers, text: bytes.toString('utf8') });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message.slice(0, 300) : String(error);
  }
}

/** Later requests ask for what earlier ones made. */
function remember(path: string, { status, headers, bytes }: Reply, { ids, lines }: Sent['known']): void {
  const isJson = /^application\/json/.test(headers['content-type'] ?? '') && bytes.length > 0;
  const body: unknown = status < 300 && isJson ? JSON.parse(bytes.toString('utf8')) : undefined;
  if (isObject(body) && Array.isArray(body['line_items'])) {
    const [, id = ''] = /^\/api\/v1\/invoices\/([^/]+)\/line-items$/.exec(path) ?? [];
    keep(ids, typeof body['id'] === 'string' ? [body['id']] : []);
    keep(
      lines,
      body['line_items'].flatMap((line) => (id !== '' && isObject(line) ? [{ id, lineId: String(line['id']) }] : [])),
    );
  }
}

function keep<T>(list: T[], added: readonly T[]): void {
  list.push(...added);
  list.splice(0, list.length - MOST_KNOWN);
}
