import type { Knex } from 'knex';
import { inTransaction } from '../db/in-transaction.ts';
import { getInvoiceToWrite } from '../model/expected-version.ts';
import type { Invoice } from '../model/invoice.ts';
import { requireReviewable } from '../model/reviewable.ts';
import type { WriteContext } from '../model/write-context.ts';
import { laterOf, writeInvoice } from '../model/write-invoice.ts';
import { namesChangedBy, readClears } from './clear-fields.ts';
import { planFields } from './plan-fields.ts';
import { planLines } from './plan-lines.ts';
import { historyEntry, reviewPatch } from './plan-review.ts';
import { readDecisions } from './read-decisions.ts';
import type { ReviewRequest } from './review-request.ts';

/**
 * Takes a review of an invoice: all of it, or nothing. Answers the invoice as it is then. It is in the name of whoever is known to write, else of the
 * reviewer that the request names.
 *
 * @throws InvoiceNotFoundError, InvalidStateError, InvalidClearFieldsError, ValidationError or StaleWriteError, checked
 * in this order; line rules that depend on the stored lines (a ValidationError too) are checked last. DatabaseBusyError.
 */
export async function validateInvoice(db: Knex, request: ReviewRequest, context: WriteContext): Promise<Invoice> {
  const review = { ...request, reviewer: context.actor ?? request.reviewer };
  return inTransaction(db, async (trx) => {
    const before = await getInvoiceToWrite(trx, review.invoice_id, review.expected_review_version);
    requireReviewable(before, 'validated');
    const clears = readClears(review.clear_fields ?? []);
    const decisions = readDecisions(review);
    const confirmation = { by: review.reviewer, at: laterOf(context.now, before.updated_at) };

    const fields = planFields(before, decisions.fields, clears, confirmation);
    return writeInvoice(trx, {
      before,
      expectedVersion: review.expected_review_version,
      patch: reviewPatch(review, fields, clears, confirmation),
      lines: () => {
        const planned = planLines(before.line_items, decisions.lines, confirmation);
        return clears.has('line_items') ? [] : planned;
      },
      changed: [...fields.changed, ...namesChangedBy(clears)],
      entry: historyEntry(review, confirmation),
      context,
      action: 'invoice.reviewed',
    });
  });
}
