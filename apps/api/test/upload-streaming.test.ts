import { once } from 'node:events';
import { existsSync, readdirSync, watch } from 'node:fs';
import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { createApp } from '../src/app.ts';
import { makeDirectory } from '../src/make-directory.ts';
import { documentsOfEachTest, invoiceCount } from './support/documents.ts';
import { isolation } from './support/isolation.ts';

const MB = 1_048_576;
const HEAD = '--b0undary\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n%PDF-1.4\n';

describe('an upload over a connection', () => {
  const documents = documentsOfEachTest();
  let server: Server;

  beforeEach(async () => {
    const { db } = isolation.current();
    server = createServer(createApp(db, documents.options(2))).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });

  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  function post(path: string) {
    const { port } = server.address() as AddressInfo;
    const headers = { 'Content-Type': 'multipart/form-data; boundary=b0undary' };
    return request({ port, method: 'POST', path: `/api/ingestion/${path}`, headers });
  }

  const incoming = () => join(documents.path(), 'incoming');
  const drafts = () => (existsSync(incoming()) ? readdirSync(incoming()) : []);

  /** Comes back when as many files are being received; the directory says so itself. */
  async function draftCount(count: number): Promise<void> {
    const watcher = watch(incoming());
    try {
      while (drafts().length !== count) {
        await once(watcher, 'change');
      }
    } finally {
      watcher.close();
    }
  }

  for (const path of ['upload', 'batch-upload']) {
    it(`to ${path} that the client gives up leaves nothing`, async () => {
      makeDirectory(incoming());
      const upload = post(path);
      upload.on('error', () => undefined);
      upload.write(path === 'upload' ? HEAD : HEAD.replace('"file"', '"files"'));
      upload.write('A'.repeat(100_000));
      await draftCount(1);
      upload.destroy();
      await draftCount(0);
      expect(documents.files()).to.deep.equal([]);
      expect(await invoiceCount()).to.equal(0);
    });
  }

  it('that is far too large is read to its end without being kept', async () => {
    const upload = post('upload');
    const response = once(upload, 'response') as Promise<[IncomingMessage]>;
    upload.write(HEAD);
    const piece = Buffer.alloc(MB, 65);
    for (let sent = 0; sent < 80; sent += 1) {
      if (!upload.write(piece)) {
        await once(upload, 'drain');
      }
      if (sent === 60) {
        expect(drafts()).to.deep.equal([]);
      }
    }
    upload.end('\r\n--b0undary--\r\n');

    const [{ statusCode }] = await response;
    expect(statusCode).to.equal(400);
    expect(documents.files()).to.deep.equal([]);
  });
});
