import { z } from 'zod';
import { describe } from '../http/openapi/describe.ts';
import { replied } from '../http/reply-values.ts';
import { PROCESSING_STATES } from '../model/invoice.ts';
import { listRequest } from './list-request.ts';

const { text, decimal, date, time, version } = replied;

const summary = z.strictObject({
  id: text,
  file_name: text.nullable(),
  invoice_number: text.nullable(),
  invoice_date: date.nullable(),
  due_date: date.nullable(),
  vendor_name: text.nullable(),
  customer_name: text.nullable(),
  po_number: text.nullable(),
  total_amount: decimal.nullable(),
  currency: text.nullable(),
  status: text,
  processing_state: z.enum(PROCESSING_STATES),
  review_status: text.nullable(),
  reviewer: text.nullable(),
  review_version: version,
  extraction_confidence: decimal.nullable(),
  low_confidence: z.boolean().meta({ description: 'Whether a field is below 0.75.' }),
  upload_date: time,
  updated_at: time,
});

const DETAILS = `Filters are all to be met; an empty one filters nothing. Texts are compared exactly, amounts as numbers;
\`q\` is looked for in number, vendor, customer, PO and file name, in any case. \`review_status=pending_review\` also finds
what nobody has reviewed. Invoices without a value to be ordered by come last, equal ones in the order of their ids, all
in the direction of \`sort\`; vendors are ordered by their first 200 characters. An invoice that keeps its place is neither
missed nor shown twice, whatever is written between two pages.`;

/** The list of router.ts. */
export const listOperations = [
  describe('get', '/api/v1/invoices', {
    ...{ name: 'listInvoices', tag: 'Invoices', needs: 'read', summary: 'Invoices by filters, page by page' },
    details: DETAILS.replaceAll('\n', ' '),
    query: listRequest,
    replies: {
      200: {
        description: 'One page; `next`, and `Link` with rel="next", lead to the one after it.',
        schema: z.strictObject({ invoices: z.array(summary), next: text.nullable() }),
      },
    },
  }),
];
