import { Router } from 'express';
import type { Knex } from 'knex';
import { sendJson } from '../http/reply.ts';
import { addRoute, pathId } from '../http/routes.ts';
import { writeContext } from '../http/write-context.ts';
import { batchUpload } from './batch-upload.ts';
import { openDocument } from './open-document.ts';
import { sendDocument } from './send-document.ts';
import type { DocumentStorage } from './storage.ts';
import type { UploadTools } from './upload-document.ts';
import { unlessGone, uploadOne } from './upload-one.ts';

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
        await sendDocument(request, response, document);
      },
    },
  });

  return router;
}
