import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import type { Json } from './api.ts';

/** One step of a trace as it arrived. */
export interface CollectedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** Takes traces in, as OTLP over HTTP. */
export class Collector {
  readonly spans: CollectedSpan[] = [];
  /** By which names the senders call themselves. */
  readonly services = new Set<string>();
  readonly #server: Server;

  constructor() {
    this.#server = createServer(async (request, response) => {
      const body: Json = request.url === '/v1/traces' && request.method === 'POST' ? await json(request) : {};
      for (const { resource, scopeSpans } of body.resourceSpans ?? []) {
        this.services.add(String(valuesOf(resource.attributes)['service.name']));
        const spans = scopeSpans.flatMap((scope: Json) => scope.spans);
        this.spans.push(...spans.map((span: Json) => ({ ...span, attributes: valuesOf(span.attributes) })));
      }
      response.writeHead(200, { 'Content-Type': 'application/json' }).end('{}');
    });
  }

  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

function valuesOf(attributes: Json[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}
