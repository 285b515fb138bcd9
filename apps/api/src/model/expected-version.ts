import type { Knex } from 'knex';
import type { Invoice } from './invoice.ts';
import { getInvoice, lockInvoice } from './invoice-store.ts';

/** The version that a writer saw, or several of which any will do, or whichever the invoice is at. */
export type ExpectedVersion = number | readonly number[] | 'any';

/**
 * Reads an invoice that is about to be written.
 *
 * @throws InvoiceNotFoundError when no invoice has the id.
 */
export async function getInvoiceToWrite(
  trx: Knex.Transaction,
  id: string,
  expected: ExpectedVersion,
): Promise<Invoice> {
  if (expected === 'any') {
    // Such a writer must not lose to one that writes between the read and the write.
    await lockInvoice(trx, id);
  }
  return getInvoice(trx, id);
}

/** The one version to expect of an invoice at this version: this one if it will do, else the newest that was seen. */
export function versionToExpect(expected: ExpectedVersion, current: number): number {
  if (expected === 'any') {
    return current;
  }
  const versions = [expected].flat();
  return versions.includes(current) ? current : Math.max(...versions, NONE);
}

/** Older than every version: who has seen none that could be told is told of all writes. */
const NONE = -1;
