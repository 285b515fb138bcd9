import { expect } from 'chai';
import { createLogger } from '../src/operations/logger.ts';
import { api, handOver, type Json } from './support/api.ts';
import { isolation } from './support/isolation.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const TRACEPARENT = `00-${TRACE}-00f067aa0ba902b7-01`;

/** A log that a test can read. */
function log(level = 'info') {
  const lines: string[] = [];
  const logger = createLogger(level, { write: (line) => lines.push(line) });
  return { logger, lines, entries: () => lines.map((line): Json => JSON.parse(line)) };
}

describe('the log', () => {
  it('has one line for a request: its id, method, pattern of the path, status, duration and bytes', async () => {
    const { logger, entries } = log();
    await handOver({ id: 'A' });
    const response = await api({ logger }).get('/api/v1/invoices/A?x=y');

    expect(entries()).to.have.length(1);
    const [entry] = entries();
    expect(entry).to.deep.include({
      level: 'info',
      req: { id: response.headers['x-request-id'], method: 'GET' },
      route: '/api/v1/invoices/:id',
      status: 200,
      bytes: Buffer.byteLength(response.text),
      msg: 'request answered',
    });
    expect(entry.duration_ms).to.be.a('number').above(0);
    expect(new Date(entry.time).toISOString()).to.equal(entry.time);
  });

  it('says whose request it was, by the name of the credential', async () => {
    const { logger, entries } = log();
    const credentials = async () => ({ id: 'key:1', name: 'Zoë at the scanner', roles: ['reviewer'] as const });
    await api({ logger, credentials }).get('/api/hitl/invoices').set('Authorization', 'Bearer SECRET');
    await api({ logger, credentials }).get('/api/hitl/invoices');

    expect(entries().map(({ status, caller }) => [status, caller])).to.deep.equal([
      [200, 'Zoë at the scanner'],
      [401, undefined],
    ]);
  });

  it('holds no id, search, key, header, body or name of a file, whether a request succeeds or fails', async () => {
    const { logger, lines } = log('trace');
    await isolation.current().db.schema.renameTable('line_items', 'elsewhere');
    const secrets = { Authorization: 'Bearer SECRET-1', Cookie: 'session=SECRET-2', 'X-Api-Key': 'SECRET-3' };
    for (const path of ['/api/v1/invoices/SECRET-4', '/api/hitl/invoices?api_key=SECRET-5', '/SECRET-6', '/%SECRET']) {
      await api({ logger }).get(path).set(secrets);
    }
    await api({ logger })
      .post('/api/v1/invoices')
      .set(secrets)
      .send({ id: 'SECRET-7', line_items: [{ line_number: 1 }] });
    await api({ logger })
      .post('/api/ingestion/upload')
      .set(secrets)
      .attach('file', Buffer.from('SECRET-8'), 'SECRET.pdf');

    expect(lines.join('').match(/"route":/g)).to.have.length(6);
    expect(lines.join('')).to.contain('request failed').and.not.contain('SECRET');
  });

  it('blots out secrets that code would log by mistake', () => {
    const { logger, lines } = log();
    const headers = { authorization: 'SECRET', cookie: 'SECRET', 'set-cookie': ['SECRET'], 'x-api-key': 'SECRET' };
    logger.info({ headers, req: { headers }, password: 'SECRET', config: { databaseUrl: 'postgres://a:SECRET@b/c' } });

    expect(lines.join('')).to.contain('[Redacted]').and.not.contain('SECRET');
  });

  it('bears the id that a caller gave its request, if that is well-formed', async () => {
    const { logger, entries } = log();
    const ids = ['order-2041.a_B', 'short', 'x'.repeat(65), 'two words here', '{"a":1}0', 'Zoë-1234567'];
    for (const id of ids) {
      const response = await api({ logger }).get('/').set('X-Request-Id', Buffer.from(id).toString('latin1'));
      expect(response.headers['x-request-id']).to.equal(entries().at(-1).req.id);
    }
    const [first, ...others] = entries().map(({ req }) => req.id);
    expect(first).to.equal('order-2041.a_B');
    for (const id of others) {
      expect(id).to.match(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);
    }
  });

  it('tells of probes only when asked for details, and of failing ones as a warning', async () => {
    const [usual, detailed] = [log('info'), log('debug')];
    for (const path of ['/health', '/livez', '/readyz', '/api/health/db']) {
      await api({ logger: usual.logger }).get(path);
      await api({ logger: detailed.logger }).get(path);
    }
    expect(usual.lines).to.deep.equal([]);
    expect(detailed.entries().map(({ level, route }) => [level, route])).to.deep.equal(
      ['/health', '/livez', '/readyz', '/api/health/db'].map((route) => ['debug', route]),
    );

    await isolation.current().db.destroy();
    await api({ logger: usual.logger }).get('/readyz');
    expect(usual.entries().at(-1)).to.include({ level: 'warn', route: '/readyz', status: 503 });
  });

  it('bears the trace of the caller, and the reply passes it on', async () => {
    const { logger, entries } = log();
    const response = await api({ logger }).get('/').set('traceparent', TRACEPARENT);

    expect(entries()[0].req).to.include({ trace_id: TRACE, span_id: '00f067aa0ba902b7' });
    expect(response.headers['traceresponse']).to.equal(TRACEPARENT);
    expect(
      (await api().get('/').set('traceparent', `cc-${TRACE}-00f067aa0ba902b7-00-more`)).headers['traceresponse'],
    ).to.equal(`00-${TRACE}-00f067aa0ba902b7-00`);
  });

  for (const [what, header] of Object.entries({
    'of a forbidden version': TRACEPARENT.replace(/^00/, 'ff'),
    'without a trace': `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
    'without a step': `00-${TRACE}-${'0'.repeat(16)}-01`,
    'in capitals': TRACEPARENT.toUpperCase(),
    'with more than its version has': `${TRACEPARENT}-x`,
    'cut short': TRACEPARENT.slice(0, -1),
    'sent twice': `${TRACEPARENT}, ${TRACEPARENT}`,
    'with a line that is none of ours': `${TRACEPARENT} "x":1`,
  })) {
    it(`knows of no trace when a header ${what} comes`, async () => {
      const { logger, lines } = log();
      const response = await api({ logger }).get('/').set('traceparent', header);

      expect(response.status).to.equal(200);
      expect(response.headers).to.not.have.property('traceresponse');
      expect(lines.join('')).to.not.contain('trace');
    });
  }
});
