import type { Confirmation } from '../model/invoice.ts';
import type { InvoicePatch } from '../model/invoice-store.ts';
import type { InvoiceWrite } from '../model/write-invoice.ts';
import type { ClearName } from './clear-fields.ts';
import type { FieldPlan } from './plan-fields.ts';
import type { ReviewRequest } from './review-request.ts';

/** What a review writes into the invoice itself, besides the next version. */
export function reviewPatch(
  request: ReviewRequest,
  fields: FieldPlan,
  clears: ReadonlySet<ClearName>,
  { at }: Confirmation,
): InvoicePatch {
  const { overall_validation_status, validation_notes, reviewer } = request;
  return {
    ...fields.patch,
    ...statusAfter(overall_validation_status),
    review_status: overall_validation_status,
    reviewer,
    review_timestamp: at,
    updated_at: at,
    ...(validation_notes !== null && { review_notes: validation_notes }),
    ...(clears.has('review_notes') && { review_notes: null }),
    ...(clears.has('notes') && { notes: null }),
  };
}

/** What a review leaves in the history. */
export function historyEntry(request: ReviewRequest, { at }: Confirmation): InvoiceWrite['entry'] {
  return {
    status: request.overall_validation_status,
    reviewer: request.reviewer,
    notes: request.validation_notes,
    timestamp: at,
    field_notes: (request.field_validations ?? []).flatMap(({ field_name, validation_notes }) =>
      validation_notes === null ? [] : [{ field_name, notes: validation_notes }],
    ),
    line_notes: (request.line_item_validations ?? []).flatMap(({ line_number, validation_notes }) =>
      validation_notes === null ? [] : [{ line_number, notes: validation_notes }],
    ),
  };
}

function statusAfter(reviewStatus: string): InvoicePatch {
  if (reviewStatus === 'validated') {
    return { status: 'VALIDATED', processing_state: 'VALIDATED' };
  }
  return reviewStatus === 'needs_review' ? { status: 'in_review' } : {};
}
