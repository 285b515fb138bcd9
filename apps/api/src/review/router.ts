import { Router } from 'express';
import type { Knex } from 'knex';
import { jsonBody } from '../http/json-body.ts';
import { parse } from '../http/problems.ts';
import { sendJson, tagVersion } from '../http/reply.ts';
import { addRoute, pathId } from '../http/routes.ts';
import { writeContext } from '../http/write-context.ts';
import { getInvoice } from '../model/invoice-store.ts';
import { historyOf, listHistory } from './list-history.ts';
import { listInvoices } from './list-invoices.ts';
import { listRequest } from './list-request.ts';
import { reviewRequest } from './review-request.ts';
import { reviewSchema } from './review-schema.ts';
import { reviewView } from './review-view.ts';
import { validateInvoice } from './validate-invoice.ts';

/** What the routes need. */
export interface ReviewRoutes {
  readonly db: Knex;
  readonly now: () => Date;
}

/** `/api/hitl`: where people read, correct and confirm what was extracted. */
export function reviewRouter({ db, now }: ReviewRoutes): Router {
  const router = Router({ caseSensitive: true, strict: true });

  addRoute(router, '/invoices', {
    get: {
      needs: 'read',
      handle: async (request, response) =>
        sendJson(response, 200, await listInvoices(db, parse('query', listRequest, request.query))),
    },
  });

  // Before /invoice/:id, which would take them for ids.
  addRoute(router, '/invoice/schema', {
    get: { needs: 'read', handle: (_request, response) => sendJson(response, 200, reviewSchema) },
  });
  addRoute(router, '/invoice/validate', {
    post: {
      needs: 'review',
      handle: async (request, response) => {
        const body = await jsonBody(request, response);
        const review = parse('body', reviewRequest, body);
        const invoice = await validateInvoice(db, review, writeContext(request, now));
        tagVersion(response, invoice.review_version);
        sendJson(response, 200, {
          success: true,
          invoice_id: review.invoice_id,
          validation_status: review.overall_validation_status,
          message: 'Invoice validation completed successfully',
          review_version: invoice.review_version,
          // After the transaction, which holds up every other writer from its last statement to its end.
          review_history: await historyOf(db, invoice),
        });
      },
    },
  });

  addRoute(router, '/invoice/:id', {
    get: {
      needs: 'read',
      handle: async (request, response) => {
        const invoice = await getInvoice(db, pathId(request));
        tagVersion(response, invoice.review_version);
        sendJson(response, 200, reviewView(invoice));
      },
    },
  });

  addRoute(router, '/invoice/:id/history', {
    get: {
      needs: 'read',
      handle: async (request, response) => {
        sendJson(response, 200, await listHistory(db, pathId(request)));
      },
    },
  });

  return router;
}
