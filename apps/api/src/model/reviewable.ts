import { InvalidStateError } from '../errors.ts';
import type { InvoiceHeader } from './invoice.ts';

/**
 * Lets people write only invoices that the extraction is done with.
 *
 * @throws InvalidStateError for one in any other state; it names what was to be done.
 */
export function requireReviewable({ id, processing_state }: InvoiceHeader, toBe: 'validated' | 'changed'): void {
  if (processing_state !== 'EXTRACTED' && processing_state !== 'VALIDATED') {
    throw new InvalidStateError(id, processing_state, toBe);
  }
}
