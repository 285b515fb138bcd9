import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type express from 'express';

/** A server of an app, from `before()` to `after()` of a describe block. */
export function listenBefore(app: () => express.Express): { readonly url: string } {
  let server: Server | undefined;
  before(async () => {
    server = await listen(app());
  });
  after(() => {
    server?.closeAllConnections();
    server?.close();
  });
  return {
    get url() {
      return urlOf(server);
    },
  };
}

export async function listen(app: express.Express): Promise<Server> {
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

export function urlOf(server: Server | undefined): string {
  const address = server?.address() as AddressInfo | null | undefined;
  if (!address) throw new Error('the server does not listen');
  return `http://127.0.0.1:${address.port}`;
}

/** Sends a note; the test does not look at the answer. */
export async function postNote(url: string, text: string): Promise<number> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${url}/notes`, { method: 'POST', headers, body: JSON.stringify({ text }) });
  await response.arrayBuffer();
  return response.status;
}
