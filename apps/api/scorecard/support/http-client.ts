import { Agent, type IncomingHttpHeaders, request } from 'node:http';

/** A request as a check sends it. */
export interface Call {
  readonly method?: string;
  readonly path: string;
  /** Sent as it is when it is text or bytes, else as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A reply that has arrived whole. */
export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  /** The body as JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: replies are looked into freely; the checks say what is expected
  readonly json: any;
}

/** Shorter than a server keeps an idle connection: none is used that the server is closing. */
const IDLE_MS = 2_000;

/** A client with connections of its own, kept open between requests. It never sends anything twice. */
export class HttpClient {
  readonly #agent: Agent;

  constructor(keepAlive = true) {
    this.#agent = new Agent({ keepAlive, timeout: IDLE_MS });
  }

  /** @throws the network's error when no whole reply arrives: whether the request had an effect is then not known. */
  send(origin: string, { method = 'GET', path, body, headers = {} }: Call): Promise<Reply> {
    const bytes = bytesOf(body);
    const typed = bytes === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': bytes.length };
    return new Promise((resolve, reject) => {
      const sent = request(
        new URL(path, origin),
        { method, agent: this.#agent, headers: { ...typed, ...headers } },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk) => chunks.push(chunk));
          response.on('error', reject);
          response.on('end', () => {
            const whole = Buffer.concat(chunks);
            const { statusCode: status = 0, headers } = response;
            resolve({
              status,
              headers,
              bytes: whole,
              get json() {
                return JSON.parse(whole.toString('utf8'));
              },
            });
          });
        },
      );
      sent.on('error', reject);
      sent.end(bytes);
    });
  }

  get(origin: string, path: string): Promise<Reply> {
    return this.send(origin, { path });
  }

  post(origin: string, path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Reply> {
    return this.send(origin, { method: 'POST', path, body, headers });
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** A reply in few words, to be shown where it was not expected. */
export function shown({ status, bytes }: Reply): string {
  return `${status} ${bytes.toString('utf8').slice(0, 160)}`;
}

function bytesOf(body: unknown): Buffer | undefined {
  if (body === undefined || Buffer.isBuffer(body)) {
    return body;
  }
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}
