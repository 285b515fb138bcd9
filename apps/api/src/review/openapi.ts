import { z } from 'zod';
import { refusals } from '../http/answer-schemas.ts';
import { describe, ETAG, json } from '../http/openapi/describe.ts';
import { NOT_MODIFIED } from '../http/openapi/preconditions.ts';
import { replied } from '../http/reply-values.ts';
import { historySchema } from '../model/history-store.ts';
import { listSchema } from './list-invoices.ts';
import { listRequest } from './list-request.ts';
import { reviewRequest } from './review-request.ts';
import { reviewViewSchema } from './review-schema.ts';

const tag = 'Review';
const NOT_FOUND = { 404: 'No invoice has this id.' };

/** A review of the invoice of the hand-over's example. */
const EXAMPLE = {
  overall_validation_status: 'validated',
  reviewer: 'ann',
  validation_notes: 'two typos',
  field_validations: [
    {
      ...{ field_name: 'vendor_name', value: 'Acme', confidence: 0.7, validated: true, corrected_value: 'Acme Ltd' },
      validation_notes: 'see logo',
    },
    { field_name: 'total_amount', value: '100.5', confidence: 0.98, validated: true },
  ],
  line_item_validations: [{ line_number: 1, validated: true, corrections: { quantity: '2.50', unit_price: 40.2 } }],
  clear_fields: ['po_number'],
};

/** What an accepted review is answered with. */
const accepted = z.strictObject({
  success: z.literal(true),
  invoice_id: z.string(),
  validation_status: z.string(),
  message: z.string(),
  review_version: z.int().min(1),
  review_history: z.array(historySchema),
});

/** The operations of router.ts. */
export const reviewOperations = [
  describe('get', '/api/hitl/invoices', {
    ...{ name: 'listReviews', tag, needs: 'read', summary: 'Invoices, newest upload first' },
    query: listRequest,
    replies: { 200: json('One page of them.', listSchema) },
  }),
  describe('get', '/api/hitl/invoice/schema', {
    ...{ name: 'getReviewSchema', tag, needs: 'read', summary: 'JSON Schema of the review view' },
    replies: { 200: json('JSON Schema 2020-12.', replied.anyObject) },
  }),
  describe('get', '/api/hitl/invoice/{id}', {
    ...{ name: 'getReview', tag, needs: 'read', summary: 'One invoice as a reviewer sees it' },
    replies: { 200: json('The invoice.', reviewViewSchema.meta({ id: 'ReviewView' }), ETAG), 304: NOT_MODIFIED },
    errors: NOT_FOUND,
  }),
  describe('get', '/api/hitl/invoice/{id}/history', {
    ...{ name: 'listHistory', tag, needs: 'read', summary: 'The reviews of an invoice, oldest first' },
    replies: { 200: json('All of them.', z.array(historySchema)) },
    errors: NOT_FOUND,
  }),
  describe('post', '/api/hitl/invoice/validate', {
    ...{
      name: 'validateInvoice',
      tag,
      needs: 'review',
      summary: 'Corrects and confirms an invoice, all of it or nothing',
    },
    body: {
      'application/json': {
        schema: reviewRequest.meta({ id: 'ReviewRequest' }),
        example: { invoice_id: 'INV-001', expected_review_version: 0, ...EXAMPLE },
      },
    },
    replies: { 200: json('It was accepted.', accepted, ETAG) },
    errors: {
      400: { description: 'A name that may not be cleared.', holds: refusals.clear },
      ...NOT_FOUND,
      409: {
        description: 'Someone else was quicker, or the state does not allow a review.',
        holds: z.union([refusals.stale, refusals.state]),
      },
    },
  }),
];
