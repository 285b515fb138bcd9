import { Router } from 'express';
import { idempotent } from '../http/idempotency.ts';
import { ifMatch } from '../http/if-match.ts';
import { jsonBody } from '../http/json-body.ts';
import { parse } from '../http/problems.ts';
import { versionTag } from '../http/reply.ts';
import { addRoute, pathId } from '../http/routes.ts';
import { writeContext } from '../http/write-context.ts';
import { representation } from '../model/representation.ts';
import { reviewBody } from './review-request.ts';
import type { ReviewRoutes } from './router.ts';
import { validateInvoice } from './validate-invoice.ts';

/** `/api/v1/invoices/:id/review`: the review of `/api/hitl/invoice/validate`, of the version in `If-Match`. */
export function invoiceReviewRouter({ db, now }: ReviewRoutes): Router {
  const router = Router({ caseSensitive: true, strict: true });

  addRoute(router, '/invoices/:id/review', {
    post: {
      needs: 'review',
      handle: async (request, response) => {
        const expected_review_version = ifMatch(request);
        const body = parse('body', reviewBody, await jsonBody(request, response));
        const review = { ...body, invoice_id: pathId(request), expected_review_version };
        await idempotent({ db, now }, request, response, async (once) => {
          const invoice = await validateInvoice(once, review, writeContext(request, now));
          return { status: 200, headers: { ETag: versionTag(invoice.review_version) }, body: representation(invoice) };
        });
      },
    },
  });

  return router;
}
