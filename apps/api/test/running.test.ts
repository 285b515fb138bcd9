import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { Agent, type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { type DirectoryResult, dir } from 'tmp-promise';
import { migrate } from '../src/db/migrate.ts';
import { Collector } from './support/collector.ts';
import { measured, readMetrics } from './support/metrics.ts';
import { type OwnDatabase, ownDatabases } from './support/own-databases.ts';
import { Service } from './support/service.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const CALLER = '00f067aa0ba902b7';

describe('the service in operation', () => {
  // Each test starts Node.

  const ownDatabase = ownDatabases();
  let directory: DirectoryResult;
  let database: OwnDatabase;
  let started: Service[];
  let collector: Collector;

  beforeEach(async () => {
    directory = await dir({ unsafeCleanup: true });
    database = await ownDatabase();
    started = [];
    collector = new Collector();
  });

  afterEach(async () => {
    await Promise.all(started.map((service) => service.stop('SIGKILL')));
    collector.stop();
    await directory.cleanup();
  });

  function start(environment: Record<string, string> = {}, nodeOptions: string[] = []): Service {
    const places = { DATABASE_URL: database.url, STORAGE_DIR: join(directory.path, 'storage'), LOAD_SAMPLES: 'false' };
    const service = new Service({ ...places, ...environment }, nodeOptions);
    started.push(service);
    return service;
  }

  it('sends the steps of a trace to a collector and serves metrics on a port of their own', async () => {
    const service = start({ METRICS_PORT: '0', OTEL_EXPORTER_OTLP_ENDPOINT: await collector.start() });
    const url = await service.url();
    const body = '{"id":"A","vendor_name":"Secret Ltd"}';
    const traced = await ask(`${url}/api/v1/invoices`, body, { traceparent: `00-${TRACE}-${CALLER}-01` });
    const unrecorded = await ask(`${url}/livez`, undefined, { traceparent: `00-${'5'.repeat(32)}-${CALLER}-00` });
    expect([traced.status, unrecorded.status]).to.deep.equal([201, 200]);
    const step = traced.headers['traceresponse']?.toString().split('-')[2];

    const [, metricsUrl = ''] = /^Metrics on (\S+)$/m.exec(service.stdout) ?? [];
    const samples = readMetrics((await ask(metricsUrl)).body);
    const labels = { method: 'POST', route: '/api/v1/invoices', status_class: '2xx' };
    expect(measured(samples, 'http_requests_total', labels)).to.equal(1);
    for (const name of ['process_cpu_seconds_total', 'invoice_api_db_up', 'invoice_api_db_ping_seconds']) {
      expect(measured(samples, name), name).to.be.above(0);
    }
    expect((await ask(`${url}/metrics`)).status).to.equal(404);
    expect((await ask(metricsUrl.replace('/metrics', '/'))).status).to.equal(404);

    expect((await service.stop()).code).to.equal(0);
    expect([...collector.services]).to.deep.equal(['invoice-api']);
    const spans = collector.spans.filter(({ traceId }) => traceId === TRACE);
    const [server] = spans.filter(({ parentSpanId }) => parentSpanId === CALLER);
    expect(server).to.deep.include({ name: 'POST /api/v1/invoices', spanId: step });
    expect(server?.attributes).to.include({ 'http.route': '/api/v1/invoices', 'http.response.status_code': 201 });
    const queries = spans.filter(({ parentSpanId }) => parentSpanId === step);
    expect(queries.map(({ name }) => name)).to.include.members(['INSERT invoices', 'INSERT audit_log']);
    expect(queries).to.have.length(spans.length - 1);
    expect(JSON.stringify(collector.spans)).to.not.match(/Secret|vendor_name/);
    expect(collector.spans.filter(({ traceId }) => traceId === '5'.repeat(32))).to.deep.equal([]);
  });

  it('told to stop, turns those who keep connections away with replies that end them, and loses no request', async () => {
    const service = start({ SHUTDOWN_DELAY_MS: '1000', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' });
    const url = await service.url();
    const clients = Array.from({ length: 16 }, (_, index) => new Client(url, index));
    await Promise.all(clients.map((client) => client.answers(5)));

    const ended = service.stop();
    // Each goes on until a reply says that the connection ends.
    const answers = await Promise.all(clients.map((client) => client.done));
    expect(answers.flat().filter((status) => status !== 201)).to.deep.equal([]);
    expect(answers.flat()).to.have.length.above(16 * 5);
    const { code, stderr } = await ended;
    expect([code, stderr]).to.deep.equal([0, '']);
    expect(Number((await database.open()('invoices').count({ count: '*' }).first())?.['count'])).to.equal(
      answers.flat().length,
    );
  });

  it('is not ready once told to stop, and still answers for as long as configured', async () => {
    const service = start({ SHUTDOWN_DELAY_MS: '60000' });
    const url = await service.url();
    expect((await ask(`${url}/readyz`)).status).to.equal(200);
    service.process.kill('SIGTERM');
    let last = await ask(`${url}/readyz`);
    while (last.status === 200) {
      last = await ask(`${url}/readyz`);
    }
    expect(last.status).to.equal(503);
    expect(JSON.parse(last.body).checks).to.include({ database: 'ok', running: 'failed' });
    const meanwhile = await ask(`${url}/api/hitl/invoices`);
    expect([meanwhile.status, meanwhile.headers.connection]).to.deep.equal([200, 'close']);
  });

  it('ends after a failure that nobody foresaw, and says where it was but no value', async () => {
    const mistake = join(directory.path, 'mistake.cjs');
    writeFileSync(
      mistake,
      "process.on('SIGUSR2', () => Promise.reject(Object.assign(new Error('SECRET'), { code: 'E1' })));",
    );
    const service = start({}, ['--require', mistake]);
    await service.url();

    const { code, stderr } = await service.stop('SIGUSR2');
    expect([code, stderr]).to.deep.equal([1, 'The service failed: {"type":"Error","code":"E1","places":[]}\n']);
  });

  it('refuses to start on a database that a newer version has migrated', async () => {
    const db = database.open();
    await migrate(db);
    await db('knex_migrations').insert({ name: '999-of-a-later-version', batch: 99 });

    const { code, stdout, stderr } = await start().ended();
    expect([code, stdout]).to.deep.equal([1, '']);
    expect(stderr).to.match(
      /^Cannot use the database \S+: a newer version of the service has migrated it \(999-of-a-later-version\): start that version or a later one \(DATABASE_URL\)\n$/,
    );
  });
});

interface Reply {
  readonly status: number | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** Sends a request; over a connection that is kept when there is an agent for it. */
async function ask(
  url: string,
  body?: string,
  headers: Record<string, string> = {},
  agent = new Agent(),
): Promise<Reply> {
  const method = body === undefined ? 'GET' : 'POST';
  const sent = request(url, { method, agent, headers: { 'Content-Type': 'application/json', ...headers } }).end(body);
  const [reply] = (await once(sent, 'response')) as [IncomingMessage];
  return { status: reply.statusCode, headers: reply.headers, body: await text(reply) };
}

/** Hands invoices over, one after another on one connection, until a reply says that it is the last. */
class Client {
  /** The status of each reply. */
  readonly done: Promise<(number | undefined)[]>;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  #waiting: { readonly until: number; readonly tell: () => void } | undefined;

  constructor(url: string, number: number) {
    this.done = this.#run(`${url}/api/v1/invoices`, number);
  }

  answers(many: number): Promise<void> {
    return new Promise((tell) => {
      this.#waiting = { until: many, tell };
    });
  }

  async #run(url: string, number: number): Promise<(number | undefined)[]> {
    const statuses: (number | undefined)[] = [];
    for (;;) {
      const { status, headers } = await ask(url, `{"id":"${number}-${statuses.length}"}`, {}, this.#agent);
      statuses.push(status);
      if (statuses.length === this.#waiting?.until) {
        this.#waiting.tell();
      }
      if (headers.connection === 'close') {
        return statuses;
      }
    }
  }
}
