/** How many invoices the list is measured among. */
export const BULK_INVOICES = 100_000;

/** The id of one of them. */
export function bulkId(number: number): string {
  return `bulk-${String(number).padStart(6, '0')}`;
}
