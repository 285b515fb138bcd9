import { z } from 'zod';
import { describe, ETAG, IDEMPOTENCY_KEY, json } from '../http/openapi/describe.ts';
import { IF_MATCH, KEPT, NOT_MODIFIED, writeErrors } from '../http/openapi/preconditions.ts';
import { lineSchema, representationSchema } from '../model/representation.ts';
import { invoiceEdit, lineEdit } from './edit-request.ts';
import { handOverLine } from './hand-over-request.ts';

const tag = 'Invoices';
const LOCATION = { Location: z.string().meta({ description: 'The path of the new line.' }) };
const NO_INVOICE = 'No invoice has this id.';
const NO_LINE = 'No invoice has this id, or none of its lines has the other one.';

const line = lineSchema.extend({ id: z.string().meta({ description: 'Stays when the line is renumbered.' }) });

/** A merge patch may also call itself plain JSON. */
function patch(schema: z.ZodType, example: object) {
  return { 'application/merge-patch+json': { schema, example }, 'application/json': { schema, example } };
}

/** The PATCH of router.ts, and the operations of line-router.ts. */
export const editOperations = [
  describe('patch', '/api/v1/invoices/{id}', {
    ...{ name: 'editInvoice', tag, needs: 'review', summary: 'Changes values by a merge patch (RFC 7396)' },
    details:
      'A changed value loses its confirmation; status and reviewer stay. A patch that changes nothing is a write.',
    headers: IF_MATCH,
    body: patch(invoiceEdit.meta({ id: 'InvoiceEdit' }), { vendor_name: 'Acme Ltd', vendor_address: { city: 'Oslo' } }),
    replies: { 200: json('As it is now.', representationSchema, ETAG) },
    errors: writeErrors(NO_INVOICE),
  }),
  describe('get', '/api/v1/invoices/{id}/line-items', {
    ...{ name: 'listLineItems', tag, needs: 'read', summary: 'The lines of an invoice, by number' },
    headers: KEPT,
    replies: { 200: json('All of them.', z.strictObject({ line_items: z.array(line) }), ETAG), 304: NOT_MODIFIED },
    errors: { 404: NO_INVOICE },
  }),
  describe('post', '/api/v1/invoices/{id}/line-items', {
    ...{ name: 'addLineItem', tag, needs: 'review', summary: 'Adds a line' },
    headers: { ...IF_MATCH, ...IDEMPOTENCY_KEY },
    body: { 'application/json': { schema: handOverLine, example: { line_number: 2, amount: '12.50' } } },
    replies: { 201: json('The line.', line, { ...ETAG, ...LOCATION }) },
    errors: writeErrors(NO_INVOICE),
  }),
  describe('get', '/api/v1/invoices/{id}/line-items/{lineId}', {
    ...{ name: 'getLineItem', tag, needs: 'read', summary: 'One line' },
    headers: KEPT,
    replies: { 200: json('The line.', line, ETAG), 304: NOT_MODIFIED },
    errors: { 404: NO_LINE },
  }),
  describe('patch', '/api/v1/invoices/{id}/line-items/{lineId}', {
    ...{ name: 'editLineItem', tag, needs: 'review', summary: 'Changes a line by a merge patch' },
    headers: IF_MATCH,
    body: patch(lineEdit.meta({ id: 'LineEdit' }), { quantity: '2.50' }),
    replies: { 200: json('As it is now.', line, ETAG) },
    errors: writeErrors(NO_LINE),
  }),
  describe('delete', '/api/v1/invoices/{id}/line-items/{lineId}', {
    ...{ name: 'removeLineItem', tag, needs: 'review', summary: 'Removes a line' },
    headers: IF_MATCH,
    replies: { 204: { description: 'It is gone.', headers: ETAG } },
    errors: writeErrors(NO_LINE),
  }),
];
