import { pipeline } from 'node:stream/promises';
import { type Request, type Response, Router } from 'express';
import type { Knex } from 'knex';
import { sendJson } from '../http/reply.ts';
import { addRoute, pathId } from '../http/routes.ts';
import { DOCUMENT_POLICY } from '../http/security-headers.ts';
import { writeContext } from '../http/write-context.ts';
import { batchUpload } from './batch-upload.ts';
import { inlineDisposition } from './content-disposition.ts';
import { ClientGoneError, IncompleteFileError, missingFile, readFileParts } from './multipart.ts';
import { openDocument } from './open-document.ts';
import type { DocumentStorage } from './storage.ts';
import { type UploadedDocument, type UploadTools, uploadDocument } from './upload-document.ts';

/** What the routes for reading documents need. */
export interface PdfRoutes {
  readonly db: Knex;
  readonly storage: DocumentStorage;
}

/** `/api/ingestion`: where documents come in. */
export function ingestionRouter(tools: UploadTools): Router {
  const router = Router({ caseSensitive: true, strict: true });

  addRoute(router, '/upload', {
    post: {
      needs: 'hand-over',
      handle: unlessGone(async (request, response) => {
        const document = await uploadOne(tools, request);
        sendJson(response, 201, { message: 'Invoice uploaded successfully', status: 'uploaded', ...document });
      }),
    },
  });

  addRoute(router, '/batch-upload', {
    post: {
      needs: 'hand-over',
      handle: unlessGone(async (request, response) => {
        const logFailure = (error: unknown) => request.log.error({ err: error }, 'upload failed');
        const report = await batchUpload(tools, request, writeContext(request, tools.now), logFailure);
        sendJson(response, 200, report);
      }),
    },
  });

  return router;
}

/** `/api/hitl/invoice/:id/pdf`: the original bytes of a document. */
export function pdfRouter({ db, storage }: PdfRoutes): Router {
  const router = Router({ caseSensitive: true, strict: true });

  addRoute(router, '/invoice/:id/pdf', {
    get: {
      needs: 'read',
      handle: async (request, response) => {
        const document = await openDocument(db, storage, pathId(request));
        response.set({
          'Content-Type': 'application/pdf',
          'Content-Length': String(document.size),
          'Content-Disposition': inlineDisposition(document.fileName),
          'Content-Security-Policy': DOCUMENT_POLICY,
        });
        if (request.method === 'HEAD') {
          await document.close();
          response.end();
          return;
        }
        await pipeline(document.stream(), response).catch((error) => {
          // A client that stops reading is no failure; for anything else the cut connection says that the file is short.
          if (error.code !== 'ERR_STREAM_PREMATURE_CLOSE') {
            request.log.error({ err: error }, 'document could not be read to its end');
          }
        });
      },
    },
  });

  return router;
}

async function uploadOne(tools: UploadTools, request: Request): Promise<UploadedDocument> {
  const context = writeContext(request, tools.now);
  let document: UploadedDocument | undefined;
  try {
    await readFileParts(request, 'file', async (part) => {
      document ??= await uploadDocument(tools, part, context);
    });
  } catch (error) {
    throw error instanceof IncompleteFileError ? missingFile('file') : error;
  }
  if (document === undefined) {
    throw missingFile('file');
  }
  return document;
}

function unlessGone(handler: (request: Request, response: Response) => Promise<void>) {
  return async (request: Request, response: Response) => {
    try {
      await handler(request, response);
    } catch (error) {
      if (!(error instanceof ClientGoneError)) {
        throw error;
      }
    }
  };
}
