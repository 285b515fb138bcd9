import { type Request, type Response, Router } from 'express';
import { idempotent } from '../http/idempotency.ts';
import { ifMatch } from '../http/if-match.ts';
import { jsonBody, mergePatchBody } from '../http/json-body.ts';
import { parse } from '../http/problems.ts';
import { sendJson, tagVersion, versionTag } from '../http/reply.ts';
import { addRoute, pathId, pathLineId } from '../http/routes.ts';
import { writeContext } from '../http/write-context.ts';
import type { Invoice, LineItem } from '../model/invoice.ts';
import { getInvoice } from '../model/invoice-store.ts';
import { lineRepresentation } from '../model/representation.ts';
import { editInvoice } from './edit-invoice.ts';
import { addLine, changeLine, getLine, removeLine } from './edit-lines.ts';
import { lineEdit } from './edit-request.ts';
import { handOverLine } from './hand-over-request.ts';
import { newLine } from './new-invoice.ts';
import type { InvoiceRoutes } from './router.ts';

/** `/api/v1/invoices/:id/line-items`: the lines, each by an id that stays; the entity tag is always the invoice's. */
export function lineRouter({ db, now }: InvoiceRoutes): Router {
  const router = Router({ caseSensitive: true, strict: true });
  const edit = (request: Request, expectedVersion = ifMatch(request)) => ({
    ...{ id: pathId(request), expectedVersion, context: writeContext(request, now) },
  });

  addRoute(router, '/invoices/:id/line-items', {
    get: {
      needs: 'read',
      handle: async (request, response) => {
        const invoice = await getInvoice(db, pathId(request));
        tagVersion(response, invoice.review_version);
        sendJson(response, 200, { line_items: invoice.line_items.map(lineResource) });
      },
    },
    post: {
      needs: 'review',
      handle: async (request, response) => {
        const target = edit(request);
        const line = newLine(parse('body', handOverLine, await jsonBody(request, response)));
        await idempotent({ db, now }, request, response, async (once) => {
          const invoice = await editInvoice(once, target, (before) => addLine(before, line));
          const Location = `/api/v1/invoices/${invoice.id}/line-items/${line.id}`;
          return {
            status: 201,
            headers: { Location, ETag: versionTag(invoice.review_version) },
            body: lineResource(line),
          };
        });
      },
    },
  });

  addRoute(router, '/invoices/:id/line-items/:lineId', {
    get: {
      needs: 'read',
      handle: async (request, response) => {
        const invoice = await getInvoice(db, pathId(request));
        sendLine(response, 200, invoice, pathLineId(request));
      },
    },
    patch: {
      needs: 'review',
      handle: async (request, response) => {
        const target = edit(request);
        const values = parse('body', lineEdit, await mergePatchBody(request, response));
        const lineId = pathLineId(request);
        const invoice = await editInvoice(db, target, (before) => changeLine(before, lineId, values));
        sendLine(response, 200, invoice, lineId);
      },
    },
    delete: {
      needs: 'review',
      handle: async (request, response) => {
        const lineId = pathLineId(request);
        const invoice = await editInvoice(db, edit(request), (before) => removeLine(before, lineId));
        tagVersion(response, invoice.review_version);
        response.status(204).end();
      },
    },
  });

  return router;
}

function sendLine(response: Response, status: number, invoice: Invoice, lineId: string): void {
  const line = getLine(invoice, lineId);
  tagVersion(response, invoice.review_version);
  sendJson(response, status, lineResource(line));
}

function lineResource(line: LineItem): object {
  return { id: line.id, ...lineRepresentation(line) };
}
