import type { Knex } from 'knex';
import { readOneState } from '../db/one-state.ts';
import { type HistoryEntry, historyAfter } from '../model/history-store.ts';
import type { Invoice } from '../model/invoice.ts';
import { getInvoice } from '../model/invoice-store.ts';

/** The reviews that led to an invoice as it is given; those after it are left out. */
export async function historyOf(db: Knex, { id, review_version }: Invoice): Promise<HistoryEntry[]> {
  const entries = await historyAfter(db, id, 0);
  return entries.filter((entry) => entry.review_version <= review_version);
}

/**
 * The reviews of an invoice, in the order they were submitted.
 *
 * @throws InvoiceNotFoundError when no invoice has the id.
 */
export function listHistory(db: Knex, id: string): Promise<HistoryEntry[]> {
  return readOneState(db, async (trx) => {
    const invoice = await getInvoice(trx, id);
    return historyAfter(trx, invoice.id, 0);
  });
}
