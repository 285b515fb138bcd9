import { expect } from 'chai';
import type { Knex } from 'knex';
import { createApp } from '../src/app.ts';
import { migrate, migrationSource } from '../src/db/migrate.ts';
import { request } from './support/api.ts';
import { killBefore } from './support/kill-before.ts';
import { ownDatabases } from './support/own-databases.ts';

const MIGRATION = '006-number-lines-and-amounts';
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const INVOICES = [
  { id: 'bare' },
  {
    ...{ id: 'full', invoice_number: 'Nº 7', vendor_name: 'Straße & Söhne', customer_name: 'ΟΔΟΣ', po_number: 'p-1' },
    ...{
      file_name: 'Ünï.pdf',
      invoice_date: '2026-01-31',
      total_amount: '-12.50',
      field_confidence: { vendor_name: 0.7 },
    },
    line_items: [{ line_number: 2, amount: '1' }, { line_number: 5 }],
  },
  { id: 'sure', vendor_name: `${'v'.repeat(199)}😀 long`, field_confidence: { vendor_name: 0.75 } },
  // More than are filled by one statement.
  ...Array.from({ length: 120 }, (_, index) => ({
    id: `n${index}`,
    total_amount: String(index),
    line_items: [{ line_number: 1 }],
  })),
];

describe('the migration that prepares lists', () => {
  const ownDatabase = ownDatabases();

  it('fills invoices and lines that are there as the service fills new ones', async () => {
    const { db, written } = await undone();
    await migrate(db);

    expect(await listColumns(db)).to.deep.equal(written);
    await expectNumberedLines(db);
  });

  for (const [moment, pattern] of Object.entries({
    'when lines were numbered': 'update .invoices. set .low_confidence',
    'when all but an index was made': 'total_amount_key_id_index',
  })) {
    it(`goes on where it was killed ${moment}`, async () => {
      const { db, url, written } = await undone();
      await killBefore(pattern, url);
      await migrate(db);

      expect(await listColumns(db)).to.deep.equal(written);
      await expectNumberedLines(db);
    });
  }

  /** A database with invoices as they were before the migration, and what the service had written for its lists. */
  async function undone() {
    const { url, open } = await ownDatabase();
    const db = open();
    await migrate(db);
    for (const invoice of INVOICES) {
      await request(createApp(db)).post('/api/v1/invoices').send(invoice).expect(201);
    }
    const written = await listColumns(db);
    const migration = (await migrationSource.getMigrations([])).find(({ name }) => name === MIGRATION);
    await migration?.down?.(db);
    await db('knex_migrations').where({ name: MIGRATION }).delete();
    expect(await db.schema.hasColumn('invoices', 'search_text')).to.equal(false);
    return { db, url, written };
  }
});

async function listColumns(db: Knex): Promise<unknown[]> {
  const columns = ['invoice_date_key', 'total_amount_key', 'vendor_name_key', 'search_text', 'low_confidence'];
  return db('invoices')
    .orderBy('id')
    .select('id', ...columns);
}

async function expectNumberedLines(db: Knex): Promise<void> {
  const ids: string[] = await db('line_items').pluck('id');
  expect(ids).to.have.length(122);
  expect(new Set(ids).size).to.equal(ids.length);
  for (const id of ids) {
    expect(id).to.match(UUID);
  }
}
