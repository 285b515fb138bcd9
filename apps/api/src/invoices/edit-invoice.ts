import type { Knex } from 'knex';
import { inTransaction } from '../db/in-transaction.ts';
import { type ExpectedVersion, getInvoiceToWrite } from '../model/expected-version.ts';
import type { Invoice, LineItem } from '../model/invoice.ts';
import type { InvoicePatch } from '../model/invoice-store.ts';
import { requireReviewable } from '../model/reviewable.ts';
import type { WriteContext } from '../model/write-context.ts';
import { laterOf, writeInvoice } from '../model/write-invoice.ts';

/** Which invoice is written, at which version, and by whom. */
export interface Edit {
  readonly id: string;
  readonly expectedVersion: ExpectedVersion;
  readonly context: WriteContext;
}

/** What an edit makes of the invoice that it finds. */
export interface EditResult {
  readonly patch?: InvoicePatch;
  readonly changed?: readonly string[];
  /** All lines after it; asked for once the version is known to be current. */
  readonly lines?: () => readonly LineItem[];
}

/**
 * Writes new values without a review: its status, its reviewer and its time stay. One that changes nothing is a write
 * like any other.
 *
 * @throws InvoiceNotFoundError, what `plan` throws, InvalidStateError, StaleWriteError, what `lines` throws, in this
 * order. DatabaseBusyError.
 */
export function editInvoice(db: Knex, edit: Edit, plan: (before: Invoice) => EditResult): Promise<Invoice> {
  const { id, expectedVersion, context } = edit;
  return inTransaction(db, async (trx) => {
    const before = await getInvoiceToWrite(trx, id, expectedVersion);
    const { patch = {}, changed = [], lines = () => before.line_items } = plan(before);
    requireReviewable(before, 'changed');
    const timestamp = laterOf(context.now, before.updated_at);
    return writeInvoice(trx, {
      ...{ before, expectedVersion, lines, changed, context },
      patch: { ...patch, updated_at: timestamp },
      entry: { status: 'edited', reviewer: context.actor, notes: null, timestamp, field_notes: [], line_notes: [] },
      action: 'invoice.edited',
    });
  });
}
