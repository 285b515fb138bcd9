import { z } from 'zod';
import { describe, ETAG, IDEMPOTENCY_KEY, json } from '../http/openapi/describe.ts';
import { KEPT, NOT_MODIFIED } from '../http/openapi/preconditions.ts';
import { representationSchema } from '../model/representation.ts';
import { handOverRequest } from './hand-over-request.ts';

const tag = 'Invoices';
const LOCATION = { Location: z.string().meta({ description: 'The path of the new invoice.' }) };

const EXAMPLE = {
  id: 'INV-001',
  vendor_name: 'Acme',
  total_amount: '100.50',
  line_items: [{ line_number: 1, amount: 100.5 }],
  field_confidence: { vendor_name: 0.7 },
};

/** The operations of router.ts. */
export const invoiceOperations = [
  describe('post', '/api/v1/invoices', {
    ...{ name: 'handOverInvoice', tag, needs: 'hand-over', summary: 'Hands over what an extraction found' },
    headers: IDEMPOTENCY_KEY,
    body: { 'application/json': { schema: handOverRequest.meta({ id: 'HandOver' }), example: EXAMPLE } },
    replies: { 201: json('The invoice.', representationSchema, { ...ETAG, ...LOCATION }) },
    errors: { 409: 'An invoice with this id was handed over before, or a request with this key is still running.' },
  }),
  describe('get', '/api/v1/invoices/{id}', {
    ...{ name: 'getInvoice', tag, needs: 'read-back', summary: 'All that is stored of an invoice' },
    headers: KEPT,
    replies: { 200: json('The invoice.', representationSchema, ETAG), 304: NOT_MODIFIED },
    errors: { 404: 'No invoice has this id.' },
  }),
];
