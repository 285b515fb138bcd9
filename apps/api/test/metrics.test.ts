import { expect } from 'chai';
import { Registry } from 'prom-client';
import { inTransaction } from '../src/db/in-transaction.ts';
import { watchDatabase } from '../src/operations/database-metrics.ts';
import { createMetrics } from '../src/operations/metrics.ts';
import { watchProcess } from '../src/operations/process-metrics.ts';
import { accepted, api, handOver, validate } from './support/api.ts';
import { isolation } from './support/isolation.ts';
import { measured, readMetrics } from './support/metrics.ts';

const REVIEW = { invoice_id: 'A', expected_review_version: 0 };

describe('the metrics', () => {
  it('count and time requests by method, pattern of the path and class of the status', async () => {
    const metrics = createMetrics();
    await handOver({ id: 'A' }, { metrics });
    for (const id of ['A', 'A', 'nobody']) {
      await api({ metrics }).get(`/api/v1/invoices/${id}`);
    }

    const samples = readMetrics(await metrics.registry.metrics());
    const of = (method: string, route: string, status_class: string) => {
      const labels = { method, route, status_class };
      return ['http_requests_total', 'http_request_duration_seconds_count'].map((name) =>
        measured(samples, name, labels),
      );
    };
    expect(of('POST', '/api/v1/invoices', '2xx')).to.deep.equal([1, 1]);
    expect(of('GET', '/api/v1/invoices/:id', '2xx')).to.deep.equal([2, 2]);
    expect(of('GET', '/api/v1/invoices/:id', '4xx')).to.deep.equal([1, 1]);
    expect(measured(samples, 'http_requests_in_flight')).to.equal(0);
    expect(JSON.stringify(samples)).to.not.contain('nobody');
  });

  it('have one label for all unknown paths and one for all unknown methods', async () => {
    const metrics = createMetrics();
    for (const path of ['/a', '/b?c=d', '/api/v1/x', '/api/hitl/invoice/A/y', '/%zz']) {
      await api({ metrics }).get(path);
      await api({ metrics }).propfind(path);
    }

    const counts = readMetrics(await metrics.registry.metrics()).filter(({ name }) => name === 'http_requests_total');
    expect(counts.map(({ labels, value }) => [labels['method'], labels['route'], value])).to.have.deep.members([
      ['GET', 'unknown', 5],
      ['OTHER', 'unknown', 5],
    ]);
  });

  it('count the writes that came too late', async () => {
    const metrics = createMetrics();
    await handOver({ id: 'A' });
    await accepted(REVIEW);
    expect((await validate(REVIEW, { metrics })).status).to.equal(409);
    expect((await validate(REVIEW, { metrics })).status).to.equal(409);

    const samples = readMetrics(await metrics.registry.metrics());
    expect(measured(samples, 'invoice_api_stale_writes_total')).to.equal(2);
  });

  it('of two apps in one process do not add up', async () => {
    const [one, other] = [createMetrics(), createMetrics()];
    await api({ metrics: one }).get('/health');

    expect(measured(readMetrics(await one.registry.metrics()), 'http_requests_total')).to.equal(1);
    expect(measured(readMetrics(await other.registry.metrics()), 'http_requests_total')).to.equal(undefined);
  });

  it('tell how the database is, how its connections are used and how often a transaction was run again', async () => {
    const { db } = isolation.current();
    const registry = new Registry();
    const stop = watchDatabase(registry, db);
    let attempts = 0;
    await inTransaction(db, async () => {
      attempts += 1;
      if (attempts < 3) {
        throw Object.assign(new Error('deadlock'), { code: '40P01' });
      }
    });
    const samples = readMetrics(await registry.metrics());
    expect(measured(samples, 'invoice_api_transaction_retries_total')).to.equal(2);
    expect(measured(samples, 'invoice_api_db_up')).to.equal(1);
    expect(measured(samples, 'invoice_api_db_ping_seconds')).to.be.above(0);
    expect(measured(samples, 'invoice_api_db_connection_waiters')).to.equal(0);
    const used = await db.transaction(async () =>
      measured(readMetrics(await registry.metrics()), 'invoice_api_db_connections', { state: 'used' }),
    );
    expect(used).to.equal(1);
    stop();
    expect(db.listenerCount('transaction-retry')).to.equal(0);
  });

  it('say that the database is down', async () => {
    const registry = new Registry();
    watchDatabase(registry, isolation.current().db);
    await isolation.current().db.destroy();

    const samples = readMetrics(await registry.metrics());
    expect(measured(samples, 'invoice_api_db_up')).to.equal(0);
    expect(measured(samples, 'invoice_api_db_connections', { state: 'used' })).to.equal(0);
  });

  it('tell of the process and its event loop', async () => {
    const registry = new Registry();
    const stop = watchProcess(registry);
    const samples = readMetrics(await registry.metrics());
    stop();

    for (const name of ['process_cpu_seconds_total', 'process_resident_memory_bytes', 'nodejs_heap_size_used_bytes']) {
      expect(measured(samples, name), name).to.be.above(0);
    }
    expect(measured(samples, 'process_start_time_seconds')).to.be.within(1e9, Date.now() / 1000);
    expect(measured(samples, 'nodejs_eventloop_lag_seconds', { quantile: '0.99' })).to.be.within(0, 1e9);
  });
});
