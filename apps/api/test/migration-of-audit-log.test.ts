import { expect } from 'chai';
import type { Knex } from 'knex';
import { verifyAudit } from '../src/audit/verify-audit.ts';
import { migrate, migrationSource } from '../src/db/migrate.ts';
import { insertDocument } from '../src/documents/document-store.ts';
import { onlyOn } from './support/engine.ts';
import { killBefore } from './support/kill-before.ts';
import { ownDatabases } from './support/own-databases.ts';

const BEFORE = ['001-create-invoices', '002-create-line-items', '003-create-review-history'];
const TIME = '2026-01-02T03:04:05.678Z';

describe('the migration that begins the audit log', () => {
  const ownDatabase = ownDatabases();

  it('says what was there before, and claims nothing of it', async () => {
    const { db } = await withInvoices(3);
    await migrate(db);

    const { head, ...report } = await verifyAudit(db);
    expect(report).to.deep.equal({ valid: true, entries: 1, first_bad: null });
    const entry = await db('audit_log').first();
    expect(entry).to.include({ action: 'log.started', actor: null, invoice_id: null });
    expect(JSON.parse(entry.changes)).to.deep.equal([
      { field: 'invoices', old: null, new: 3 },
      { field: 'reviews', old: null, new: 1 },
    ]);
    await writeOne(db);
    expect(await verifyAudit(db)).to.include({ valid: true, entries: 2 });
  });

  it('has nothing to say of an empty database', async () => {
    const { db } = await withInvoices(0);
    await migrate(db);
    expect(await verifyAudit(db)).to.include({ valid: true, entries: 0 });
  });

  // The other engines take a migration back as a whole.
  onlyOn('mysql', () => {
    for (const [moment, pattern] of Object.entries({
      'before its end was made': 'create table .audit_head',
      'when the log had begun but had no end': 'insert into .audit_head',
      'when it was not written down as made': 'insert into .knex_migrations..* 004-create-audit-log',
    })) {
      it(`goes on where it was killed ${moment}`, async () => {
        const { db, url } = await withInvoices(3);
        await killBefore(pattern, url);
        await migrate(db);

        expect(await db('audit_log').pluck('action')).to.deep.equal(['log.started']);
        await writeOne(db);
        expect(await verifyAudit(db)).to.include({ valid: true, entries: 2 });
        const failure = await db('audit_log')
          .delete()
          .catch((error: Error) => error);
        expect(failure)
          .to.have.property('message')
          .that.matches(/append-only/);
      });
    }
  });

  /** A database from before the log, with so many invoices and a review of one. */
  async function withInvoices(count: number) {
    const { url, open } = await ownDatabase();
    const db = open();
    const all = await migrationSource.getMigrations([]);
    const source = { ...migrationSource, getMigrations: async () => all.filter(({ name }) => BEFORE.includes(name)) };
    await db.migrate.latest({ migrationSource: source });
    for (let index = 0; index < count; index += 1) {
      await db('invoices').insert(invoice(`I${index}`));
    }
    if (count > 0) {
      const entry = { status: 's', timestamp: TIME, changed_fields: '[]', field_notes: '[]', line_notes: '[]' };
      await db('review_history').insert({ ...entry, invoice_id: 'I0', review_version: 1 });
    }
    return { db, url };
  }
});

function invoice(id: string) {
  const maps = { tax_breakdown: '{}', field_confidence: '{}', field_confirmations: '{}' };
  const times = { upload_date: TIME, created_at: TIME, updated_at: TIME };
  return { id, status: 'EXTRACTED', processing_state: 'EXTRACTED', ...maps, ...times };
}

async function writeOne(db: Knex): Promise<void> {
  const document = { invoice_id: 'new', file_name: 'a.pdf', file_path: 'raw/a.pdf', upload_date: TIME };
  const context = { actor: null, requestId: null, mayApprove: false, now: TIME };
  await insertDocument(db, { ...document, content_sha256: 'a'.repeat(64) }, context);
}
