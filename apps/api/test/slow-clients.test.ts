import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect } from 'chai';
import { createApp } from '../src/app.ts';
import { listen, type RunningServer } from '../src/server.ts';
import { CLIENT_LIMITS } from '../src/slow-clients.ts';
import { documentsOfEachTest, multipart } from './support/documents.ts';
import { isolation } from './support/isolation.ts';
import { pdf } from './support/pdf.ts';

/** As the service's own, in proportion, so that a test need not wait long. */
const LIMITS = {
  ...CLIENT_LIMITS,
  ...{ headersMs: 400, requestMs: 60_000, bodyWindowMs: 400, bodyWindowBytes: 1_000, checkMs: 50, silenceMs: 1_500 },
};
const UPLOAD =
  'POST /api/ingestion/upload HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b0undary\r\n';
const JSON_BODY = 'POST /api/v1/invoices HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';

describe('a slow client', () => {
  const documents = documentsOfEachTest();
  let server: RunningServer;
  let sockets: Socket[];

  beforeEach(async () => {
    sockets = [];
    server = await listen(createApp(isolation.current().db, documents.options()), '127.0.0.1', 0, LIMITS);
  });

  afterEach(async () => {
    for (const socket of sockets) {
      socket.destroy();
    }
    await server.stop();
  });

  async function open(): Promise<Socket> {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    sockets.push(socket);
    await once(socket, 'connect');
    return socket;
  }

  /** Sends these pieces one after another, again and again, and returns all that the server said until it hung up. */
  async function drip(beginning: string, every: number, ...pieces: readonly string[]): Promise<string> {
    const socket = await open();
    let said = '';
    socket.on('error', () => undefined).setEncoding('utf8');
    socket.on('data', (text) => {
      said += text;
    });
    socket.write(beginning);
    let sent = 0;
    const timer = setInterval(() => socket.write(pieces[sent++ % pieces.length] ?? ''), every);
    await once(socket, 'close');
    clearInterval(timer);
    return said;
  }

  const timeout = /^HTTP\/1\.1 408 Request Timeout\r\n/;

  it('that sends nothing at all is ended', async () => {
    const socket = await open();
    await once(socket.resume(), 'close');
  });

  it('that sends a header now and then is ended', async () => {
    expect(await drip('GET /health HTTP/1.1\r\nHost: x\r\n', 20, 'X-A: 1\r\n')).to.match(timeout);
  });

  it('that sends a byte of its JSON now and then is ended, whether it says how many there will be or not', async () => {
    expect(await drip(`${JSON_BODY}Content-Length: 1000000\r\n\r\n`, 20, ' ')).to.match(timeout);
    expect(await drip(`${JSON_BODY}Transfer-Encoding: chunked\r\n\r\n`, 20, '1\r\n \r\n')).to.match(timeout);
  });

  it('that sends a byte of its document now and then is ended, and leaves nothing', async () => {
    const head = '--b0undary\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n%PDF-1.4\n';
    expect(await drip(`${UPLOAD}Content-Length: 1000000\r\n\r\n${head}`, 20, 'A')).to.match(timeout);
    await documents.noDraft();
    expect(documents.files()).to.deep.equal([]);
  });

  it('that stops to read is ended', async () => {
    const socket = await open();
    socket.on('error', () => undefined).pause();
    const closed = new Promise((resolve) => socket.on('close', resolve));
    const flood = () => {
      while (!socket.destroyed && socket.write('GET /health HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(500))) {}
    };
    socket.on('drain', flood);
    flood();
    await closed;
  });

  it('with a document over a slow line is waited for, as long as the document comes in', async () => {
    const body = multipart([
      { name: 'file', fileName: 'a.pdf', bytes: Buffer.concat([pdf(), Buffer.alloc(20_000, 10)]) },
    ]);
    const socket = await open();
    let said = '';
    socket.setEncoding('utf8').on('data', (text) => {
      said += text;
    });
    const begun = performance.now();
    socket.write(`${UPLOAD}Content-Length: ${body.length}\r\nConnection: close\r\n\r\n`);
    let at = 0;
    const timer = setInterval(() => {
      socket.write(body.subarray(at, at + 250));
      at += 250;
    }, 20);
    await once(socket, 'close');
    clearInterval(timer);
    expect(said).to.match(/^HTTP\/1\.1 201 /);
    // Longer than anything else may take.
    expect(performance.now() - begun).to.be.above(3 * LIMITS.bodyWindowMs);
  });

  it('does not keep others from being served', async () => {
    const slow = Array.from({ length: 50 }, () => drip(`${JSON_BODY}Content-Length: 1000000\r\n\r\n`, 20, ' '));
    const { status } = await fetch(`${server.url}/health`, { headers: { Connection: 'close' } });
    expect(status).to.equal(200);
    for (const said of await Promise.all(slow)) {
      expect(said).to.match(timeout);
    }
  });
});
