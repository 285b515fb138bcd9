import { z } from 'zod';
import { describe, ETAG, IDEMPOTENCY_KEY, json } from '../http/openapi/describe.ts';
import { IF_MATCH, writeErrors } from '../http/openapi/preconditions.ts';
import { representationSchema } from '../model/representation.ts';
import { reviewBody } from './review-request.ts';

const names = z.array(z.string());

/** The operation of invoice-review-router.ts. */
export const invoiceReviewOperations = [
  describe('post', '/api/v1/invoices/{id}/review', {
    ...{ name: 'reviewInvoice', tag: 'Invoices', needs: 'review', summary: 'Corrects and confirms, all or nothing' },
    details: 'As POST /api/hitl/invoice/validate, with the id in the path and the version in If-Match.',
    headers: { ...IF_MATCH, ...IDEMPOTENCY_KEY },
    body: {
      'application/json': {
        schema: reviewBody.meta({ id: 'InvoiceReview' }),
        example: { overall_validation_status: 'validated', reviewer: 'ann' },
      },
    },
    replies: { 200: json('The invoice as it is now.', representationSchema, ETAG) },
    errors: {
      ...writeErrors('No invoice has this id.'),
      400: {
        description: 'A name that may not be cleared, or If-Match is no list of entity tags.',
        members: { disallowed_fields: names.optional(), allowed_fields: names.optional() },
      },
    },
  }),
];
