import { type Request, type Response, Router } from 'express';
import { doOnce, sendOnce } from '../http/idempotency.ts';
import { versionTag } from '../http/reply.ts';
import { addRoute, pathId } from '../http/routes.ts';
import type { OnceReply } from '../idempotency/run-once.ts';
import { byteRange } from './byte-range.ts';
import { type OpenedDocument, openDocument } from './open-document.ts';
import { sendDocument } from './send-document.ts';
import type { UploadTools } from './upload-document.ts';
import { unlessGone, uploadOne } from './upload-one.ts';

/** `/api/v1/documents`, where PDFs come in as to `/api/ingestion/upload`, and `/api/v1/invoices/:id/document`. */
export function documentRouter(tools: UploadTools): Router {
  const router = Router({ caseSensitive: true, strict: true });

  addRoute(router, '/documents', {
    post: {
      needs: 'hand-over',
      handle: unlessGone(async (request, response) => {
        let reply: OnceReply | undefined;
        await uploadOne(tools, request, async (document, insert) => {
          const sent = `${document.file_name}\n${document.content_sha256}`;
          const headers = { Location: `/api/v1/invoices/${document.invoice_id}`, ETag: versionTag(0) };
          reply = await doOnce(tools, request, sent, async (once) => {
            await insert(once);
            return { status: 201, headers, body: document };
          });
          return !reply.replayed;
        });
        // Only now, when the whole body has been read.
        if (reply !== undefined) {
          sendOnce(response, reply);
        }
      }),
    },
  });

  addRoute(router, '/invoices/:id/document', {
    get: {
      needs: 'read',
      handle: async (request, response) => {
        const document = await openDocument(tools.db, tools.storage, pathId(request));
        try {
          await answer(request, response, document);
        } finally {
          await document.close();
        }
      },
    },
  });

  return router;
}

/** With what a client has already: nothing when that is all (If-None-Match), else the rest of it (Range, If-Range). */
async function answer(request: Request, response: Response, document: OpenedDocument): Promise<void> {
  const tag = document.sha256 === null ? undefined : `"${document.sha256}"`;
  response.set('Accept-Ranges', 'bytes');
  if (tag !== undefined) {
    response.set('ETag', tag);
    if (request.fresh) {
      response.status(304).end();
      return;
    }
  }
  // Of GET alone; and If-Range may hold a date, which never is the document's tag.
  const ifRange = request.headers['if-range'];
  const asksForPart = request.method === 'GET' && (ifRange === undefined || ifRange === tag);
  const range = asksForPart ? byteRange(request.headers.range, document.size) : undefined;
  await sendDocument(request, response, document, range);
}
