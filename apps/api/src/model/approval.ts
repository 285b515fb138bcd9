import { ForbiddenError } from '../errors.ts';
import type { Invoice } from './invoice.ts';
import type { InvoicePatch } from './invoice-store.ts';
import type { WriteContext } from './write-context.ts';

/**
 * Only approvers say that an invoice is validated; and what they have seen is not changed under their name by others.
 *
 * @throws ForbiddenError
 */
export function refuseUnapproved({ mayApprove }: WriteContext, before: Invoice, patch: InvoicePatch): void {
  if (mayApprove) {
    return;
  }
  if (before.processing_state === 'VALIDATED') {
    throw new ForbiddenError('Only an approver may change an invoice that is validated');
  }
  if (patch.processing_state === 'VALIDATED') {
    throw new ForbiddenError('Only an approver may set the status "validated"');
  }
}
