import type { Knex } from 'knex';
import { appendAudit } from '../audit/append-audit.ts';
import { inTransaction } from '../db/in-transaction.ts';
import type { Invoice } from '../model/invoice.ts';
import { invoiceChanges } from '../model/invoice-changes.ts';
import { insertInvoice } from '../model/invoice-store.ts';
import type { WriteContext } from '../model/write-context.ts';
import type { HandOverRequest } from './hand-over-request.ts';
import { newInvoice } from './new-invoice.ts';

/**
 * Takes over what an extraction found.
 *
 * @throws InvoiceExistsError when the id is taken, DatabaseBusyError.
 */
export async function handOverInvoice(db: Knex, request: HandOverRequest, context: WriteContext): Promise<Invoice> {
  const invoice = newInvoice(request, context.now);
  const { id: invoiceId, review_version: reviewVersion } = invoice;
  const changes = invoiceChanges(null, invoice);
  await inTransaction(db, async (trx) => {
    await insertInvoice(trx, invoice);
    await appendAudit(trx, context, { action: 'invoice.handed_over', invoiceId, reviewVersion, changes });
  });
  return invoice;
}
