import { type Request, Router } from 'express';
import type { Knex } from 'knex';
import { idempotent } from '../http/idempotency.ts';
import { ifMatch } from '../http/if-match.ts';
import { jsonBody, mergePatchBody } from '../http/json-body.ts';
import { parse } from '../http/problems.ts';
import { sendJson, tagVersion, versionTag } from '../http/reply.ts';
import { addRoute, pathId } from '../http/routes.ts';
import { writeContext } from '../http/write-context.ts';
import { getInvoice } from '../model/invoice-store.ts';
import { representation } from '../model/representation.ts';
import { editInvoice } from './edit-invoice.ts';
import { invoiceEdit } from './edit-request.ts';
import { handOverInvoice } from './hand-over-invoice.ts';
import { handOverRequest } from './hand-over-request.ts';
import { listInvoices } from './list-invoices.ts';
import { listRequest } from './list-request.ts';
import { planEdit } from './plan-edit.ts';

/** What the routes need. */
export interface InvoiceRoutes {
  readonly db: Knex;
  readonly now: () => Date;
}

/** `/api/v1/invoices`: where extraction pipelines hand invoices over and read them back. */
export function invoiceRouter({ db, now }: InvoiceRoutes): Router {
  const router = Router({ caseSensitive: true, strict: true });

  addRoute(router, '/invoices', {
    get: {
      needs: 'read',
      handle: async (request, response) => {
        const { invoices, cursor } = await listInvoices(db, parse('query', listRequest, { ...request.query }));
        const next = cursor === null ? null : nextPage(request, cursor);
        if (next !== null) {
          response.set('Link', `<${next}>; rel="next"`);
        }
        sendJson(response, 200, { invoices, next });
      },
    },
    post: {
      needs: 'hand-over',
      handle: async (request, response) => {
        const body = await jsonBody(request, response);
        const input = parse('body', handOverRequest, body);
        await idempotent({ db, now }, request, response, async (once) => {
          const invoice = await handOverInvoice(once, input, writeContext(request, now));
          const headers = { Location: `/api/v1/invoices/${invoice.id}`, ETag: versionTag(invoice.review_version) };
          return { status: 201, headers, body: representation(invoice) };
        });
      },
    },
  });

  addRoute(router, '/invoices/:id', {
    get: {
      needs: 'read-back',
      handle: async (request, response) => {
        const invoice = await getInvoice(db, pathId(request));
        tagVersion(response, invoice.review_version);
        sendJson(response, 200, representation(invoice));
      },
    },
    patch: {
      needs: 'review',
      handle: async (request, response) => {
        const expectedVersion = ifMatch(request);
        const edit = parse('body', invoiceEdit, await mergePatchBody(request, response));
        const target = { id: pathId(request), expectedVersion, context: writeContext(request, now) };
        const invoice = await editInvoice(db, target, (before) => planEdit(before, edit));
        tagVersion(response, invoice.review_version);
        sendJson(response, 200, representation(invoice));
      },
    },
  });

  return router;
}

/** The same list from a cursor on. */
function nextPage(request: Request, cursor: string): string {
  const query = new URLSearchParams(request.query as Record<string, string>);
  query.set('cursor', cursor);
  return `${request.baseUrl}${request.path}?${query}`;
}
