import type { Knex } from 'knex';
import { createDatabase } from '../../src/db/create-database.ts';
import { parse } from '../../src/http/problems.ts';
import { listInvoices } from '../../src/invoices/list-invoices.ts';
import { listRequest } from '../../src/invoices/list-request.ts';
import { getInvoice } from '../../src/model/invoice-store.ts';
import { listInvoices as listForReview } from '../../src/review/list-invoices.ts';
import { bulkId } from './bulk-ids.ts';
import type { Statement } from './messages.ts';

/** One read that is measured: over HTTP, as a constant of the same bytes, and as its bare statements. */
export interface ReadTarget {
  readonly name: string;
  /** `{n}` stands for the number of an invoice. */
  readonly path: string;
  /** What the use case behind it does with a database. */
  readonly read: (db: Knex) => Promise<unknown>;
}

const oneInvoice = (db: Knex) => getInvoice(db, bulkId(4711));

export const READ_TARGETS: readonly ReadTarget[] = [
  { name: 'invoice', path: '/api/v1/invoices/{n}', read: oneInvoice },
  { name: 'review view', path: '/api/hitl/invoice/{n}', read: oneInvoice },
  {
    name: 'list of 50',
    path: '/api/v1/invoices?limit=50',
    read: (db) => listInvoices(db, parse('query', listRequest, { limit: '50' })),
  },
  {
    name: 'hitl list of 50',
    path: '/api/hitl/invoices?limit=50',
    read: (db) => listForReview(db, { limit: 50, skip: 0, status: '' }),
  },
];

/** The statements that a read sends, as its driver takes them: what the service asks, and nothing else. */
export async function statementsOf(databaseUrl: string, read: ReadTarget['read']): Promise<Statement[]> {
  const db = createDatabase({ url: databaseUrl });
  const statements: Statement[] = [];
  db.on('query', ({ sql, bindings = [] }) => {
    if (/^select/i.test(sql)) {
      statements.push({ sql, bindings });
    }
  });
  try {
    await read(db);
    return statements;
  } finally {
    await db.destroy();
  }
}
