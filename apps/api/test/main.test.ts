import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { Agent, get as httpGet, type IncomingMessage, request } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { expect } from 'chai';
import { type DirectoryResult, dir } from 'tmp-promise';
import { sampleInvoices } from '../src/samples/load-samples.ts';
import type { Json } from './support/api.ts';
import { multipart } from './support/documents.ts';
import { onlyOn } from './support/engine.ts';
import { type OwnDatabase, ownDatabases } from './support/own-databases.ts';
import { pdf } from './support/pdf.ts';
import { Service } from './support/service.ts';

describe('the service', () => {
  // Each test starts Node once or more.

  const ownDatabase = ownDatabases();
  let directory: DirectoryResult;
  let database: OwnDatabase;
  let started: Service[];

  beforeEach(async () => {
    directory = await dir({ unsafeCleanup: true });
    database = await ownDatabase();
    started = [];
  });

  afterEach(async () => {
    await Promise.all(started.map((service) => service.stop('SIGKILL')));
    await directory.cleanup();
  });

  function start(environment: Record<string, string> = {}, nodeOptions: string[] = []): Service {
    const places = { DATABASE_URL: database.url, STORAGE_DIR: join(directory.path, 'storage') };
    const service = new Service({ ...places, ...environment }, nodeOptions);
    started.push(service);
    return service;
  }

  describe('started for the first time', () => {
    it('migrates, loads the samples and says where it listens', async () => {
      const service = start();
      const url = await service.url();
      expect(await json(`${url}/health`)).to.deep.equal({ status: 'healthy' });
      expect((await json(`${url}/api/hitl/invoices`)).total).to.equal(sampleInvoices.length);
      const { code, stdout, stderr } = await service.stop();
      expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
      expect(stdout.trim().split('\n').at(-1)).to.equal(`Listening on ${url}`);
    });

    it('keeps what was handed over, reviewed and uploaded for the next start, and loads no samples again', async () => {
      const first = start();
      const url = await first.url();
      await post(`${url}/api/v1/invoices`, '{"id":"mine","total_amount":1.10}');
      await review(url, '{"invoice_id":"mine","expected_review_version":0,"reviewer":"Zoë 𝄞"}');
      const body = multipart([{ name: 'file', fileName: 'a.pdf', bytes: pdf() }]);
      const upload = await post(`${url}/api/ingestion/upload`, body, 'multipart/form-data; boundary=b0undary');
      expect((await first.stop()).code).to.equal(0);
      const again = await start().url();
      expect((await json(`${again}/api/hitl/invoices`)).total).to.equal(sampleInvoices.length + 2);
      expect(await json(`${again}/api/v1/invoices/mine`)).to.include({ total_amount: '1.1', reviewer: 'Zoë 𝄞' });
      expect(await json(`${again}/api/hitl/invoice/mine/history`)).to.have.length(1);
      const stored = await fetch(`${again}/api/hitl/invoice/${upload.invoice_id}/pdf`);
      expect(Buffer.from(await stored.arrayBuffer()).equals(pdf())).to.equal(true);
    });

    onlyOn('sqlite', () => {
      it('leaves nothing but the database file when it has stopped', async () => {
        const service = start();
        await service.url();
        await service.stop();
        const file = database.url.slice('sqlite://'.length);
        expect(readdirSync(dirname(file))).to.deep.equal([basename(file)]);
      });
    });
  });

  describe('told to stop', () => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      it(`by ${signal} finishes the request in flight and closes kept connections`, async () => {
        const service = start();
        const url = await service.url();
        const agent = new Agent({ keepAlive: true });
        const [idle] = (await once(httpGet(`${url}/health`, { agent }), 'response')) as [IncomingMessage];
        await once(idle.resume(), 'end');

        const body = Buffer.from('{"id":"last"}');
        const inFlight = request(`${url}/api/v1/invoices`, {
          method: 'POST',
          headers: { 'Content-Type': 'application/json', 'Content-Length': body.length, Expect: '100-continue' },
        });
        inFlight.flushHeaders();
        // The server has taken the request on and waits for its body.
        await once(inFlight, 'continue');
        const ended = service.stop(signal);
        await refusesConnections(url);

        inFlight.end(body);
        const [response] = (await once(inFlight, 'response')) as [IncomingMessage];
        expect(response.statusCode).to.equal(201);
        expect(response.headers.connection).to.equal('close');
        expect((await ended).code).to.equal(0);
        agent.destroy();

        expect((await json(`${await start().url()}/api/v1/invoices/last`)).id).to.equal('last');
      });
    }

    it('a second time ends at once', async () => {
      const service = start();
      const url = await service.url();
      const inFlight = request(`${url}/api/v1/invoices`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'Content-Length': 2, Expect: '100-continue' },
      });
      inFlight.on('error', () => undefined).flushHeaders();
      await once(inFlight, 'continue');
      service.process.kill('SIGTERM');
      // Repeated because a signal that follows within a moment counts as the same one.
      const again = setInterval(() => service.process.kill('SIGTERM'), 50);
      const { code } = await service.ended();
      clearInterval(again);
      expect(code).to.equal(128 + 15);
    });
  });

  // What goes wrong with a server is in starting.test.ts.
  onlyOn('sqlite', () =>
    describe('ends with one clear line', () => {
      interface Failure {
        readonly environment?: Record<string, string>;
        readonly nodeOptions?: string[];
        readonly line: string;
      }
      const noBindings =
        'process.dlopen = () => { throw new Error("Could not locate the bindings file. Tried:\\n a"); };';

      /** What can go wrong, in a directory that holds a text and a script. */
      const failures = (path: string, usedPort: number): Record<string, Failure> => ({
        'its port is in use': {
          environment: { PORT: String(usedPort) },
          line: `Port ${usedPort} of 127.0.0.1 is in use: stop the other program or set PORT`,
        },
        'the port for metrics is in use': {
          environment: { METRICS_PORT: String(usedPort) },
          line: `Port ${usedPort} of 127.0.0.1 is in use: stop the other program or set METRICS_PORT`,
        },
        'its address is not one of this machine': {
          environment: { HOST: '192.0.2.1', AUTH: 'api-keys' },
          line: '192.0.2.1 is not an address of this machine: set HOST',
        },
        'nobody is asked who they are, and others can reach it': {
          environment: { HOST: '0.0.0.0' },
          line: 'Anybody who reaches 0.0.0.0 could read and change every invoice: set AUTH to api-keys, jwt or both, or HOST to 127.0.0.1',
        },
        'a variable has a bad value': {
          environment: { PORT: 'http' },
          line: 'PORT must be a whole number from 0 to 65535, not "http"',
        },
        'the database cannot be made': {
          environment: { DATABASE_URL: `sqlite://${path}/letter/a.sqlite` },
          line: `Cannot use the database sqlite://${path}/letter/a.sqlite: a part of the path is not a directory (DATABASE_URL)`,
        },
        'the database is a directory': {
          environment: { DATABASE_URL: `sqlite://${path}` },
          line: `Cannot use the database sqlite://${path}: the file cannot be opened or made (DATABASE_URL)`,
        },
        'the database is another kind of file': {
          environment: { DATABASE_URL: `sqlite://${path}/letter` },
          line: `Cannot use the database sqlite://${path}/letter: the file is not an SQLite database (DATABASE_URL)`,
        },
        'documents cannot be written': {
          environment: { STORAGE_DIR: `${path}/letter` },
          line: `Cannot write documents to ${path}/letter: a part of the path is not a directory (STORAGE_DIR)`,
        },
        'the native module is not built': {
          nodeOptions: ['--require', `${path}/no-bindings.cjs`],
          line: 'The native module of better-sqlite3 is not built for this Node.js: run npx --yes pnpm@10.34.9 rebuild better-sqlite3',
        },
      });

      it('and a failure whatever is wrong', async () => {
        writeFileSync(join(directory.path, 'letter'), 'Dear Sir or Madam, '.repeat(100));
        writeFileSync(join(directory.path, 'no-bindings.cjs'), noBindings);
        const other = createServer().listen(0, '127.0.0.1').unref();
        await once(other, 'listening');
        const { port } = other.address() as AddressInfo;

        // All at once, because each takes a second and hardly anything but waiting.
        const said = Object.entries(failures(directory.path, port)).map(async ([what, failure], index) => {
          const own = { DATABASE_URL: `sqlite://${join(directory.path, `${index}.sqlite`)}` };
          const { code, stdout, stderr } = await start({ ...own, ...failure.environment }, failure.nodeOptions).ended();
          return [what, { code, stderr, listening: stdout.includes('Listening') }];
        });
        const expected = Object.entries(failures(directory.path, port)).map(([what, { line }]) => {
          return [what, { code: 1, stderr: `${line}\n`, listening: false }];
        });
        expect(await Promise.all(said)).to.deep.equal(expected);
        other.close();
      });
    }),
  );
});

async function json(url: string): Promise<Json> {
  const response = await fetch(url, { headers: { Connection: 'close' } });
  expect(response.status).to.equal(200);
  return response.json();
}

async function review(url: string, body: string): Promise<void> {
  const headers = { 'Content-Type': 'application/json', Connection: 'close' };
  expect((await fetch(`${url}/api/hitl/invoice/validate`, { method: 'POST', headers, body })).status).to.equal(200);
}

async function post(url: string, body: string | Buffer, type = 'application/json'): Promise<Json> {
  const headers = { 'Content-Type': type, Connection: 'close' };
  const response = await fetch(url, { method: 'POST', headers, body: new Uint8Array(Buffer.from(body)) });
  expect(response.status).to.equal(201);
  return response.json();
}

/** Comes back when the server has stopped to listen. */
async function refusesConnections(url: string): Promise<void> {
  for (;;) {
    const probe = httpGet(`${url}/health`, { agent: new Agent() });
    const refused = await new Promise<boolean>((resolve) => {
      probe.on('error', (error) => resolve('code' in error && error.code === 'ECONNREFUSED'));
      probe.on('response', (response) => {
        response.resume().on('end', () => resolve(false));
      });
    });
    if (refused) {
      return;
    }
  }
}
