import type { Knex } from 'knex';
import { inTransaction } from '../db/in-transaction.ts';
import type { Invoice } from '../model/invoice.ts';
import { insertInvoice } from '../model/invoice-store.ts';
import type { WriteContext } from '../model/write-context.ts';
import type { HandOverRequest } from './hand-over-request.ts';
import { newInvoice } from './new-invoice.ts';

/**
 * Takes over what an extraction found.
 *
 * @throws InvoiceExistsError when the id is taken, DatabaseBusyError.
 */
export async function handOverInvoice(db: Knex, request: HandOverRequest, { now }: WriteContext): Promise<Invoice> {
  const invoice = newInvoice(request, now);
  await inTransaction(db, (trx) => insertInvoice(trx, invoice));
  return invoice;
}
