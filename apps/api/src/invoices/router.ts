import { Router } from 'express';
import type { Knex } from 'knex';
import { readOneState } from '../db/one-state.ts';
import { idempotent } from '../http/idempotency.ts';
import { jsonBody } from '../http/json-body.ts';
import { parse } from '../http/problems.ts';
import { sendJson, tagVersion, versionTag } from '../http/reply.ts';
import { addRoute, pathId } from '../http/routes.ts';
import { writeContext } from '../http/write-context.ts';
import { getInvoice } from '../model/invoice-store.ts';
import { representation } from '../model/representation.ts';
import { handOverInvoice } from './hand-over-invoice.ts';
import { handOverRequest } from './hand-over-request.ts';

/** What the routes need. */
export interface InvoiceRoutes {
  readonly db: Knex;
  readonly now: () => Date;
}

/** `/api/v1/invoices`: where extraction pipelines hand invoices over and read them back. */
export function invoiceRouter({ db, now }: InvoiceRoutes): Router {
  const router = Router({ caseSensitive: true, strict: true });

  addRoute(router, '/invoices', {
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
      needs: 'read',
      handle: async (request, response) => {
        const invoice = await readOneState(db, (trx) => getInvoice(trx, pathId(request)));
        tagVersion(response, invoice.review_version);
        sendJson(response, 200, representation(invoice));
      },
    },
  });

  return router;
}
