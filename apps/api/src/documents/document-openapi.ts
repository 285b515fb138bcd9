import { z } from 'zod';
import { describe, IDEMPOTENCY_KEY, json } from '../http/openapi/describe.ts';
import { KEPT, NOT_MODIFIED } from '../http/openapi/preconditions.ts';
import { bytes } from './openapi.ts';
import { uploadedSchema } from './upload-document.ts';

const tag = 'Documents';
const SENT = {
  'Accept-Ranges': z.literal('bytes'),
  'Content-Disposition': z.string(),
  'Content-Length': z.string(),
  'X-Content-Type-Options': z.literal('nosniff'),
};

/** The operations of document-router.ts. */
export const documentResourceOperations = [
  describe('post', '/api/v1/documents', {
    ...{ name: 'addDocument', tag, needs: 'hand-over', summary: 'Takes in one PDF' },
    headers: IDEMPOTENCY_KEY,
    body: { 'multipart/form-data': { schema: z.object({ file: bytes }) } },
    replies: {
      201: json('It was taken in.', uploadedSchema.omit({ message: true, status: true }), {
        Location: z.string().meta({ description: 'The path of the invoice that waits for extraction.' }),
        ETag: z.literal('"0"'),
      }),
    },
    errors: {
      400: 'It is empty or no document.',
      409: {
        description: 'The same bytes were uploaded before, or a request with this key is still running.',
        members: { invoice_id: z.string().optional() },
      },
    },
  }),
  describe('get', '/api/v1/invoices/{id}/document', {
    ...{ name: 'getDocument', tag, needs: 'read', summary: 'The original bytes of a document, or a part of them' },
    details: 'One range of bytes is answered with 206, several with the whole. The ETag is the SHA-256 of the bytes.',
    headers: { ...KEPT, Range: z.string().optional(), 'If-Range': z.string().optional() },
    replies: {
      200: { description: 'The PDF.', type: 'application/pdf', schema: bytes, headers: SENT },
      206: {
        description: 'The part.',
        type: 'application/pdf',
        schema: bytes,
        headers: { ...SENT, 'Content-Range': z.string() },
      },
      304: NOT_MODIFIED,
    },
    errors: {
      404: 'No invoice has this id, or it has no document.',
      416: { description: 'No byte of the range is there.', headers: { 'Content-Range': z.string() } },
    },
  }),
];
