import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { createIsolation } from '@acme/db-isolation';
import { createProvider } from '@acme/db-isolation/provider';
import { expect } from 'chai';
import type { Knex } from 'knex';
import { createApp } from '../src/app.ts';
import { request } from './support/api.ts';
import { onlyOn } from './support/engine.ts';
import { databases, isolation } from './support/isolation.ts';

const ids = async (db: Knex): Promise<string[]> => db('invoices').orderBy('id').pluck('id');
const handOver = (db: Knex, id: string) => request(createApp(db)).post('/api/v1/invoices').send({ id });

describe('a test and its database', () => {
  for (const attempt of [1, 2, 3]) {
    it(`starts without what other tests handed over under the same id (${attempt} of 3)`, async () => {
      const { db } = isolation.current();
      expect(await ids(db)).to.deep.equal([]);
      await handOver(db, 'INV-1').expect(201);
      await handOver(db, 'INV-1').expect(409);
    });
  }

  it('shows the route what the test seeded', async () => {
    const { db } = isolation.current();
    await handOver(db, 'INV-1').expect(201);
    await db('invoices').where({ id: 'INV-1' }).update({ vendor_name: 'Seeded by hand' });
    const { body } = await request(createApp(db)).get('/api/hitl/invoice/INV-1').expect(200);
    expect(body.fields.vendor_name.value).to.equal('Seeded by hand');
  });

  it('shows the test what the route wrote, save after save', async () => {
    const { db } = isolation.current();
    await handOver(db, 'INV-1').expect(201);
    for (const version of [0, 1, 2]) {
      const change = { invoice_id: 'INV-1', expected_review_version: version, reviewer: `reviewer ${version}` };
      await request(createApp(db)).post('/api/hitl/invoice/validate').send(change).expect(200);
      const stored = await db('invoices').where({ id: 'INV-1' }).first();
      expect(stored).to.include({ review_version: version + 1, reviewer: `reviewer ${version}` });
    }
    expect(await db('review_history')).to.have.length(3);
  });
});

describe('fifty tests at once in one process', function () {
  // Servers have no room for the connections of all: they take turns.
  this.timeout(120_000);

  const numbers = Array.from({ length: 50 }, (_, index) => index);

  it('stay apart through createApp(lease.db)', async () => {
    const seen = await Promise.all(
      numbers.map((number) =>
        isolation.run(`number ${number}`, async ({ db }) => {
          await handOver(db, `INV-${number}`).expect(201);
          const { body } = await request(createApp(db)).get('/api/hitl/invoices').expect(200);
          return body.invoices.map(({ invoice_id }: { invoice_id: string }) => invoice_id);
        }),
      ),
    );
    expect(seen).to.deep.equal(numbers.map((number) => [`INV-${number}`]));
  });

  it('stay apart through a provider', async () => {
    const { provider, provided, close } = withProvider();
    const seen = await Promise.all(
      numbers.map((number) =>
        provided.run(`number ${number}`, async () => {
          await handOver(provider.get(), `INV-${number}`).expect(201);
          return ids(provider.get());
        }),
      ),
    );
    expect(seen).to.deep.equal(numbers.map((number) => [`INV-${number}`]));
    await close();
  });
});

describe('after a test', () => {
  for (const outcome of ['passed', 'failed']) {
    it(`that ${outcome}, the provider answers the real database again and the test's is closed`, async () => {
      const { provider, provided, real, close } = withProvider();
      let captured: Knex | undefined;
      await provided
        .run(`a test that ${outcome}`, async ({ db }) => {
          captured = db;
          expect(provider.get()).to.equal(db);
          await handOver(provider.get(), 'INV-1').expect(201);
          if (outcome === 'failed') throw new Error('on purpose');
        })
        .catch((error: Error) => expect(error.message).to.equal('on purpose'));

      expect(provider.get()).to.equal(real);
      const late = await captured?.('invoices').then(String, (error: { code: string }) => error.code);
      expect(late).to.equal('DBI_STALE_LEASE');
      await close();
    });
  }

  onlyOn('sqlite', () => {
    it('its file is closed and gone', async () => {
      let file = '';
      await isolation.run('a test of its own', async ({ db, url }) => {
        file = new URL(url.replace('sqlite:', 'file:')).pathname;
        await handOver(db, 'INV-1').expect(201);
        expect(openFiles()).to.include(file);
      });
      expect(openFiles().filter((open) => open.startsWith(file))).to.deep.equal([]);
      expect(existsSync(file)).to.equal(false);
    });
  });
});

/** An app whose database comes from a module-level factory, isolated. Nothing is kept, as tests here fail on purpose. */
function withProvider() {
  const real = isolation.current().db;
  const provider = createProvider(() => real);
  const provided = createIsolation({ ...databases, providers: [provider], keep: 'never' });
  return { real, provider, provided, close: () => provided.close() };
}

/** Paths of the files that this process has open. Only Linux tells; elsewhere the list is empty. */
function openFiles(): string[] {
  const folder = '/proc/self/fd';
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((descriptor) => {
    try {
      return [readlinkSync(`${folder}/${descriptor}`)];
    } catch {
      return []; // closed in the meantime
    }
  });
}
