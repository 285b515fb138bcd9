import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HttpClient } from './http-client.ts';

const CHECK_EVERY_MS = 50;

/** What stands before several services: it sends each request to the next of those that say they are ready. */
export interface ServiceProxy {
  readonly url: string;
  /** Adds a service that will be asked whether it is ready. */
  add(origin: string): void;
  remove(origin: string): void;
  /** Those that get requests now. */
  ready(): readonly string[];
  close(): Promise<void>;
}

/** Starts a proxy on a free port of this machine. It sends no request twice, and keeps no connection to a service. */
export async function startProxy(): Promise<ServiceProxy> {
  const health = new HttpClient(false);
  const backends = new Map<string, boolean>();
  let turn = 0;
  const ready = () => [...backends].flatMap(([origin, isReady]) => (isReady ? [origin] : []));
  const check = async () => {
    for (const origin of backends.keys()) {
      const status = await health.get(origin, '/readyz').then(
        (reply) => reply.status,
        () => 0,
      );
      if (backends.has(origin)) {
        backends.set(origin, status === 200);
      }
    }
  };
  const server = createServer((incoming, outgoing) => {
    const candidates = ready();
    turn += 1;
    forward(candidates[turn % candidates.length], incoming, outgoing);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const checks = setInterval(() => void check(), CHECK_EVERY_MS);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    add: (origin) => backends.set(origin, false),
    remove: (origin) => backends.delete(origin),
    ready,
    close: () => {
      clearInterval(checks);
      return closed(server);
    },
  };
}

function forward(origin: string | undefined, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const fail = (error: Error) => {
    if (outgoing.headersSent) {
      outgoing.destroy(error);
    } else {
      outgoing.writeHead(502, { 'Content-Type': 'text/plain' }).end(`the proxy says: ${error.message}`);
    }
  };
  if (origin === undefined) {
    fail(new Error('no service is ready'));
    return;
  }
  const { method, headers } = incoming;
  const sent = request(new URL(incoming.url ?? '/', origin), { method, headers: { ...headers, connection: 'close' } });
  sent.on('error', fail);
  sent.on('response', (response) => {
    response.on('error', fail);
    const { connection, ...others } = response.headers;
    outgoing.writeHead(response.statusCode ?? 502, others);
    response.pipe(outgoing);
  });
  incoming.pipe(sent);
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
