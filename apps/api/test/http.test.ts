import { expect } from 'chai';
import { type Logger, pino } from 'pino';
import { api, get, handOver, post } from './support/api.ts';
import { testEngine } from './support/engine.ts';
import { isolation } from './support/isolation.ts';

/** Every path with what it allows. */
const PATHS: [string, string][] = [
  ['/', 'GET, HEAD'],
  ['/health', 'GET, HEAD'],
  ['/api/health/db', 'GET, HEAD'],
  ['/livez', 'GET, HEAD'],
  ['/readyz', 'GET, HEAD'],
  ['/api/v1/invoices', 'GET, HEAD, POST'],
  ['/api/v1/invoices/x', 'GET, HEAD, PATCH'],
  ['/api/hitl/invoices', 'GET, HEAD'],
  ['/api/hitl/invoice/schema', 'GET, HEAD'],
  ['/api/hitl/invoice/validate', 'POST'],
  ['/api/hitl/invoice/x', 'GET, HEAD'],
  ['/api/hitl/invoice/x/history', 'GET, HEAD'],
  ['/api/hitl/invoice/x/pdf', 'GET, HEAD'],
  ['/api/ingestion/upload', 'POST'],
  ['/api/ingestion/batch-upload', 'POST'],
];

const METHODS = ['get', 'post', 'put', 'patch', 'delete', 'options'] as const;

function logTo(lines: string[]): Logger {
  return pino({ level: 'info' }, { write: (line: string) => lines.push(line) });
}

const NO_SUCH_TABLE = { sqlite: 'SQLITE_ERROR', postgres: '42P01', mysql: 'ER_NO_SUCH_TABLE' };

describe('the service over HTTP', () => {
  it('has a banner and says that it is healthy', async () => {
    expect((await get('/')).body).to.deep.include({ version: '1.0.0', status: 'running' });
    expect((await get('/')).body.message).to.be.a('string');
    expect((await get('/health')).body).to.deep.equal({ status: 'healthy' });
    expect((await get('/api/health/db')).body).to.deep.equal({ status: 'ok' });
  });

  it('says so when the database is down, while it stays alive itself', async () => {
    await isolation.current().db.destroy();

    const response = await get('/api/health/db');
    expect(response.status).to.equal(503);
    expect(response.body).to.deep.equal({ detail: 'Database unavailable' });
    expect((await get('/health')).status).to.equal(200);
  });

  for (const [path, allow] of PATHS) {
    it(`answers other methods of ${path} with 405 and what is allowed`, async () => {
      const others = METHODS.filter((method) => !allow.split(', ').includes(method.toUpperCase()));
      for (const method of others) {
        const response = await api()[method](path);
        expect(response.status, method).to.equal(405);
        expect(response.headers['allow']).to.equal(allow);
        if (path.startsWith('/api/v1')) {
          expect(response.headers['content-type']).to.match(/^application\/problem\+json/);
          expect(response.body).to.include({ status: 405, detail: 'Method Not Allowed' });
        } else {
          expect(response.body).to.deep.equal({ detail: 'Method Not Allowed' });
        }
      }
    });
  }

  for (const path of [
    '/nope',
    '/api',
    '/api/hitl',
    '/api/hitl/invoice',
    '/api/ingestion/x',
    '/HEALTH',
    '/api/v1x',
    '/api/hitl/invoice/x/y',
    '/health/',
    '/api/hitl/invoices/',
    '/api/hitl/invoice/schema/',
    '/api/hitl/invoice/x/',
    '/api/ingestion/upload/',
  ]) {
    it(`answers 404 for the unknown path ${path}`, async () => {
      for (const response of [await api().get(path), await api().post(path).send({})]) {
        expect(response.status).to.equal(404);
        expect(response.body).to.deep.equal({ detail: 'Not Found' });
      }
    });
  }

  it('answers 404 for unknown paths of /api/v1 as a problem', async () => {
    for (const path of ['/api/v1', '/api/v1/', '/api/v1/invoice', '/api/v1/invoices/x/y']) {
      const response = await get(path);
      expect(response.status, path).to.equal(404);
      expect(response.headers['content-type']).to.match(/^application\/problem\+json/);
      expect(response.body).to.deep.equal({
        type: 'about:blank',
        title: 'Not Found',
        status: 404,
        detail: 'Not Found',
      });
    }
  });

  it('answers 400 for a malformed URL escape, in the format of the path', async () => {
    for (const path of ['/api/hitl/invoice/%zz', '/api/hitl/invoice/%', '/nope/%ff', '/api/hitl/invoice/%C3/history']) {
      const response = await get(path);
      expect([response.status, response.body], path).to.deep.equal([400, { detail: 'Malformed URL escape' }]);
    }
    const v1 = await get('/api/v1/invoices/%E0%A4%A');
    expect(v1.status).to.equal(400);
    expect(v1.body).to.include({ status: 400, detail: 'Malformed URL escape' });
  });

  it('answers HEAD like GET, without a body', async () => {
    await handOver({ id: 'A' });
    const head = await api().head('/api/hitl/invoice/A');
    const full = await get('/api/hitl/invoice/A');

    expect([head.status, head.headers['etag']]).to.deep.equal([200, '"0"']);
    expect(head.headers['content-length']).to.equal(full.headers['content-length']);
    expect(head.text).to.equal(undefined);
  });

  it('compares ids exactly on every path', async () => {
    await handOver({ id: 'Ab' });

    for (const id of [
      'ab',
      'AB',
      'Ab%20',
      'Ab%00',
      '%00',
      '__proto__',
      'constructor',
      'x'.repeat(5000),
      '..%2f..%2fAb',
    ]) {
      for (const path of [`/api/hitl/invoice/${id}`, `/api/hitl/invoice/${id}/history`]) {
        const response = await get(path);
        expect(response.status, path).to.equal(404);
        expect(response.body).to.deep.equal({ detail: `Invoice ${decodeURIComponent(id)} not found` });
      }
    }
  });

  it('says nothing of itself: no powered-by, no CORS, a request id', async () => {
    const { headers } = await api().get('/health').set('Origin', 'https://example.org');

    expect(headers).not.to.have.property('x-powered-by');
    expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).to.deep.equal([]);
    expect(headers['x-request-id']).to.match(/^[0-9a-f-]{36}$/);
  });

  it('lets pages of configured origins in, and no others', async () => {
    const options = { corsOrigins: ['https://review.example'] };
    const from = (origin: string) => api(options).get('/health').set('Origin', origin);

    const known = await from('https://review.example');
    expect(known.headers['access-control-allow-origin']).to.equal('https://review.example');
    expect(known.headers['vary']).to.equal('Origin');
    expect((await from('https://review.example.evil')).headers).not.to.have.property('access-control-allow-origin');
    const preflight = await api(options)
      .options('/api/hitl/invoice/validate')
      .set('Origin', 'https://review.example')
      .set('Access-Control-Request-Method', 'POST');
    expect(preflight.status).to.equal(204);
    expect(preflight.headers['access-control-allow-methods']).to.contain('POST');
  });

  for (const path of ['/api/hitl/invoice/A', '/api/v1/invoices/A']) {
    it(`hides an unforeseen failure of ${path} behind the id of its log line`, async () => {
      await isolation.current().db.schema.dropTable('line_items');
      await isolation.current().db('invoices').insert(bareInvoice('A'));
      const lines: string[] = [];

      const response = await api({ logger: logTo(lines) }).get(path);
      expect(response.status).to.equal(500);
      expect(response.body.detail).to.equal('Internal server error');
      expect(response.body.request_id).to.equal(response.headers['x-request-id']);
      expect(response.text).not.to.match(/sql|line_items|select|node_modules|\.ts|at /i);
      const failure = JSON.parse(lines.find((line) => line.includes('request failed')) ?? '{}');
      expect(failure.req.id).to.equal(response.body.request_id);
      expect(failure.err.code).to.equal(NO_SUCH_TABLE[testEngine]);
      expect(failure.err.places.join('\n')).to.match(/^getInvoice model\/invoice-store\.ts:\d+$/m);
      expect(lines.join()).not.to.match(/select|line_items|no such table|node_modules|"stack"|file:/);
    });
  }

  it('logs requests without their bodies and headers', async () => {
    const lines: string[] = [];
    await post('/api/v1/invoices', { vendor_name: 'Secret Ltd' }, { logger: logTo(lines) });

    expect(lines).to.have.length(1);
    expect(JSON.parse(lines[0] ?? '')).to.deep.include({ req: { ...JSON.parse(lines[0] ?? '').req, method: 'POST' } });
    expect(lines[0]).not.to.match(/Secret|content-type/i);
  });
});

function bareInvoice(id: string): object {
  const time = '2026-01-01T00:00:00.000Z';
  return {
    id,
    upload_date: time,
    created_at: time,
    updated_at: time,
    status: 'EXTRACTED',
    processing_state: 'EXTRACTED',
    ...{ tax_breakdown: '{}', field_confidence: '{}', field_confirmations: '{}' },
  };
}
