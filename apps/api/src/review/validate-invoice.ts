import type { Knex } from 'knex';
import { inTransaction } from '../db/in-transaction.ts';
import { InvalidStateError, StaleWriteError } from '../errors.ts';
import type { Invoice } from '../model/invoice.ts';
import { getInvoice, type InvoicePatch, saveLines, updateInvoice } from '../model/invoice-store.ts';
import { readClears } from './clear-fields.ts';
import { appendHistory, type HistoryEntry, historyAfter } from './history-store.ts';
import { planFields } from './plan-fields.ts';
import { linesDiffer, planLines } from './plan-lines.ts';
import { historyEntry, reviewPatch, sortedUnique } from './plan-review.ts';
import { readDecisions } from './read-decisions.ts';
import type { ReviewRequest } from './review-request.ts';

/** An accepted review with all that came before it. */
export interface AcceptedReview {
  readonly reviewVersion: number;
  readonly history: readonly HistoryEntry[];
}

/**
 * Takes a review of an invoice: all of it, or nothing.
 *
 * @throws InvoiceNotFoundError, InvalidStateError, InvalidClearFieldsError, ValidationError or StaleWriteError, checked
 * in this order; line rules that depend on the stored lines (a ValidationError too) are checked last. DatabaseBusyError.
 */
export async function validateInvoice(db: Knex, request: ReviewRequest, now: string): Promise<AcceptedReview> {
  return inTransaction(db, async (trx) => {
    const invoice = await getInvoice(trx, request.invoice_id);
    refuseUnreviewable(invoice);
    const clears = readClears(request.clear_fields ?? []);
    const decisions = readDecisions(request);
    const confirmation = { by: request.reviewer, at: laterOf(now, invoice.updated_at) };

    const fields = planFields(invoice, decisions.fields, clears, confirmation);
    await moveToNextVersion(trx, invoice, request, reviewPatch(request, fields, clears, confirmation));
    const planned = planLines(invoice.line_items, decisions.lines, confirmation);
    const lines = clears.has('line_items') ? [] : planned;
    await saveLines(trx, invoice.id, invoice.line_items, lines);

    const version = invoice.review_version + 1;
    const changed = linesDiffer(invoice.line_items, lines) ? [...fields.changed, 'line_items'] : fields.changed;
    await appendHistory(trx, invoice.id, historyEntry(request, version, changed, clears, confirmation));
    return { reviewVersion: version, history: await historyAfter(trx, invoice.id, 0) };
  });
}

function refuseUnreviewable({ id, processing_state }: Invoice): void {
  if (processing_state !== 'EXTRACTED' && processing_state !== 'VALIDATED') {
    throw new InvalidStateError(id, processing_state);
  }
}

/** The patch was made from the version that was read, so it may only be written over that one. */
async function moveToNextVersion(
  trx: Knex.Transaction,
  invoice: Invoice,
  { expected_review_version: expected }: ReviewRequest,
  patch: InvoicePatch,
): Promise<void> {
  const isCurrent = expected === invoice.review_version;
  if (!isCurrent || !(await updateInvoice(trx, invoice.id, expected, patch))) {
    throw await staleWrite(trx, invoice.id, expected);
  }
}

async function staleWrite(trx: Knex.Transaction, id: string, expected: number): Promise<StaleWriteError> {
  const current = await getInvoice(trx, id);
  // The version sent may be beyond what a database can compare with.
  const later = await historyAfter(trx, id, Math.max(0, Math.min(expected, current.review_version)));
  // On a server yet another review may have come in since the invoice was read.
  const since = later.filter((entry) => entry.review_version <= current.review_version);
  return new StaleWriteError({
    invoiceId: id,
    currentVersion: current.review_version,
    changedFields: sortedUnique(since.flatMap((entry) => entry.changed_fields)),
    updatedBy: current.reviewer,
    updatedAt: current.updated_at,
  });
}

/** ISO times in UTC with milliseconds compare as text. */
function laterOf(a: string, b: string): string {
  return a > b ? a : b;
}
