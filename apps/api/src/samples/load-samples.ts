import type { Knex } from 'knex';
import { exclusively } from '../db/exclusively.ts';
import { parse } from '../http/problems.ts';
import { handOverInvoice } from '../invoices/hand-over-invoice.ts';
import { handOverRequest } from '../invoices/hand-over-request.ts';
import { readJson } from '../json/json.ts';
import { canadianInvoices } from './canadian-invoices.ts';
import { creditedInvoices } from './credited-invoices.ts';
import { foreignInvoices } from './foreign-invoices.ts';
import { longInvoice } from './long-invoice.ts';
import type { SampleInvoice } from './sample-invoice.ts';
import { specialInvoices } from './special-invoices.ts';

/** Invoices to try the service with; written for it, nobody's real ones. */
export const sampleInvoices: readonly SampleInvoice[] = [
  ...canadianInvoices,
  ...creditedInvoices,
  longInvoice,
  ...foreignInvoices,
  ...specialInvoices,
];

/**
 * Hands the sample invoices over when the database has no invoice at all; all of them or none.
 *
 * @returns how many were loaded.
 */
export async function loadSamples(db: Knex, now: Date): Promise<number> {
  const requests = sampleInvoices.map(requestOf);
  // Of two processes that start at once only one finds the table empty.
  return exclusively(db, async (trx) => {
    if ((await trx('invoices').first('id')) !== undefined) {
      return 0;
    }
    for (const request of requests) {
      await handOverInvoice(trx, request, { actor: null, requestId: null, mayApprove: false, now: now.toISOString() });
    }
    return requests.length;
  });
}

function requestOf(sample: SampleInvoice) {
  const body = readJson(JSON.stringify(sample));
  return parse('body', handOverRequest, body);
}
