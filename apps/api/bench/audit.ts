// npm run bench:audit [-- --rounds 9]: what the entry in the audit log costs a review, with one writer and with sixteen
// that write different invoices, with and without the entry in turn, in a random order. What has no server, as named by
// DB_ISOLATION_POSTGRES_URL and DB_ISOLATION_MYSQL_URL, is left out.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Knex } from 'knex';
import { machine } from '../scorecard/support/machine.ts';
import { appendAudit } from '../src/audit/append-audit.ts';
import { createDatabase } from '../src/db/create-database.ts';
import { inTransaction } from '../src/db/in-transaction.ts';
import { migrate } from '../src/db/migrate.ts';
import { appendHistory } from '../src/model/history-store.ts';
import { invoiceChanges } from '../src/model/invoice-changes.ts';
import { getInvoice, updateInvoice } from '../src/model/invoice-store.ts';
import { loadSamples } from '../src/samples/load-samples.ts';
import { createServerDatabase } from '../test/support/server-databases.ts';

const WRITES = 160;
const { values } = parseArgs({ options: { rounds: { type: 'string', default: '9' } } });
const rounds = Number(values.rounds);
const { DB_ISOLATION_POSTGRES_URL: postgresUrl, DB_ISOLATION_MYSQL_URL: mysqlUrl } = process.env;

console.log(machine());
console.log(`Reviews in a second, median of ${rounds} rounds of ${WRITES} (least to most)\n`);
await onSqlite();
for (const server of [postgresUrl, mysqlUrl]) {
  if (server) {
    const database = await createServerDatabase(server, 'invoice_api_');
    await measure(database.url).finally(() => database.remove());
  }
}

async function onSqlite(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'invoice-api-bench-'));
  await measure(`sqlite://${join(directory, 'invoices.sqlite')}`).finally(() => rmSync(directory, { recursive: true }));
}

async function measure(url: string): Promise<void> {
  const db = createDatabase({ url });
  try {
    await migrate(db);
    await loadSamples(db, new Date());
    const ids: string[] = await db('invoices').orderBy('id').limit(16).pluck('id');
    for (const writers of [1, 16]) {
      const rates = { with: [] as number[], without: [] as number[] };
      await round(db, ids.slice(0, writers), true);
      for (let index = 0; index < rounds; index += 1) {
        const first = Math.random() < 0.5;
        for (const audited of [first, !first]) {
          rates[audited ? 'with' : 'without'].push(await round(db, ids.slice(0, writers), audited));
        }
      }
      const ratio = (median(rates.with) / median(rates.without)).toFixed(2);
      const name = `${db.client.dialect}, ${writers} at once`;
      console.log(`${name.padEnd(22)} without ${said(rates.without)}  with ${said(rates.with)}  ratio ${ratio}`);
    }
  } finally {
    await db.destroy();
  }
}

/** Reviews in a second. */
async function round(db: Knex, ids: readonly string[], audited: boolean): Promise<number> {
  const started = performance.now();
  await Promise.all(
    ids.map(async (id) => {
      for (let count = 0; count < WRITES / ids.length; count += 1) {
        await review(db, id, audited);
      }
    }),
  );
  return (WRITES / (performance.now() - started)) * 1_000;
}

/** What a review with one correction writes. */
async function review(db: Knex, id: string, audited: boolean): Promise<void> {
  const timestamp = new Date().toISOString();
  const context = { actor: 'ann', requestId: 'bench', mayApprove: true, now: timestamp };
  await inTransaction(db, async (trx) => {
    const before = await getInvoice(trx, id);
    const review_version = before.review_version + 1;
    const patch = {
      fields: { ...before.fields, vendor_name: `Vendor ${review_version}` },
      ...{ review_status: 'pending', reviewer: 'ann', review_timestamp: timestamp, updated_at: timestamp },
    };
    await updateInvoice(trx, before, patch);
    const lists = { changed_fields: ['vendor_name'], field_notes: [], line_notes: [] };
    await appendHistory(trx, id, {
      status: 'pending',
      reviewer: 'ann',
      notes: null,
      timestamp,
      review_version,
      ...lists,
    });
    if (audited) {
      const changes = invoiceChanges(before, { ...before, ...patch, review_version });
      await appendAudit(trx, context, {
        action: 'invoice.reviewed',
        invoiceId: id,
        reviewVersion: review_version,
        changes,
      });
    }
  });
}

function said(rates: readonly number[]): string {
  const [least, most] = [Math.min(...rates), Math.max(...rates)].map(Math.round);
  return `${String(Math.round(median(rates))).padStart(5)} (${least} to ${most})`.padEnd(20);
}

function median(list: readonly number[]): number {
  return [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? Number.NaN;
}
