import { z } from 'zod';
import { refusals } from '../http/answer-schemas.ts';
import { describe, json } from '../http/openapi/describe.ts';
import { batchSchema } from './batch-upload.ts';
import { uploadedSchema } from './upload-document.ts';

const tag = 'Documents';

/** The bytes of a file. */
export const bytes = z.any().meta({ type: 'string', format: 'binary' });

const PDF_HEADERS = {
  'Content-Length': z.string(),
  'Content-Disposition': z.string(),
  'X-Content-Type-Options': z.literal('nosniff'),
};

/** The operations of router.ts. */
export const documentOperations = [
  describe('post', '/api/ingestion/upload', {
    ...{ name: 'uploadDocument', tag, needs: 'hand-over', summary: 'Takes in one PDF' },
    body: { 'multipart/form-data': { schema: z.object({ file: bytes }) } },
    replies: { 201: json('It was taken in.', uploadedSchema) },
    errors: {
      400: { description: 'It is empty or no document.', holds: z.union([z.string(), refusals.file]) },
      409: { description: 'The same bytes were uploaded before.', holds: refusals.duplicate },
    },
  }),
  describe('post', '/api/ingestion/batch-upload', {
    ...{ name: 'uploadDocuments', tag, needs: 'hand-over', summary: 'Takes in many PDFs, each for itself' },
    body: { 'multipart/form-data': { schema: z.object({ files: z.array(bytes) }) } },
    replies: { 200: json('What became of each.', batchSchema) },
  }),
  describe('get', '/api/hitl/invoice/{id}/pdf', {
    ...{ name: 'getPdf', tag, needs: 'read', summary: 'The original bytes of a document' },
    replies: {
      200: { description: 'The PDF.', type: 'application/pdf', schema: bytes, headers: PDF_HEADERS },
    },
    errors: { 404: 'No invoice has this id, or it has no document.' },
  }),
];
