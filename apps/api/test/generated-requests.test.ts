import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import fc from 'fast-check';
import { type DirectoryResult, dir } from 'tmp-promise';
import { GeneratedRequests, type Known } from '../scorecard/openapi/generated-request.ts';
import { type Call, HttpClient } from '../scorecard/support/http-client.ts';
import { Random } from '../scorecard/support/random.ts';
import { createApp } from '../src/app.ts';
import { createFileStorage } from '../src/documents/storage.ts';
import { get, handOver, type Json } from './support/api.ts';
import { isolation } from './support/isolation.ts';
import { checkReply, document } from './support/openapi.ts';

const SEQUENCES = 10;
const REQUESTS_EACH = 20;

describe('requests made from the OpenAPI document', () => {
  let directory: DirectoryResult;
  let server: Server;
  let client: HttpClient;
  let origin: string;

  beforeEach(async () => {
    directory = await dir({ unsafeCleanup: true });
    const documents = createFileStorage(directory.path);
    server = createServer(createApp(isolation.current().db, { documents })).listen(0, '127.0.0.1');
    await once(server, 'listening');
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    client = new HttpClient();
  });

  afterEach(async () => {
    client.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await directory.cleanup();
  });

  /** Invoices that the requests can be about. */
  async function someInvoices(): Promise<Known> {
    const ids = ['A', 'B', 'C'];
    for (const id of ids) {
      await handOver({ id, vendor_name: 'Acme', line_items: [{ line_number: 1 }, { line_number: 2 }] });
    }
    const { line_items } = (await get('/api/v1/invoices/A/line-items')).body;
    return { ids, lines: line_items.map((line: Json) => ({ id: 'A', lineId: line.id })) };
  }

  async function send(call: Call): Promise<void> {
    const { method = 'GET', path } = call;
    const { status, headers, bytes } = await client.send(origin, call);
    const text = bytes.toString('utf8');
    expect(status, `${method} ${path} ${call.body}: ${text}`).to.be.below(500);
    checkReply({ method, path: path.replace(/\?.*$/s, ''), status, headers, text });
  }

  it('are answered as it says, whether they are right or wrong, and never with a failure', async () => {
    const known = await someInvoices();
    const sequence = fc.asyncProperty(fc.string(), async (seed) => {
      const requests = new GeneratedRequests(document, new Random(seed));
      for (let count = 0; count < REQUESTS_EACH; count += 1) {
        await send(requests.next(known));
      }
    });
    // On failure fast-check says with which seed it can be seen again.
    await fc.assert(sequence, { numRuns: SEQUENCES, endOnFailure: true });
  });
});
