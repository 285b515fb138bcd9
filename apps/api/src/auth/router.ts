import { Router } from 'express';
import type { Knex } from 'knex';
import { doOnce, sendOnce } from '../http/idempotency.ts';
import { jsonBody } from '../http/json-body.ts';
import { parse } from '../http/problems.ts';
import { sendJson } from '../http/reply.ts';
import { addRoute, pathId } from '../http/routes.ts';
import { writeContext } from '../http/write-context.ts';
import { listKeys } from './api-key-store.ts';
import { keyRequest } from './key-request.ts';
import { createKey, expiryAfter, revokeKey } from './manage-keys.ts';

/** What the routes need. */
export interface KeyRoutes {
  readonly db: Knex;
  readonly now: () => Date;
}

/** `/api/v1/keys`: who holds which API key. */
export function keyRouter({ db, now }: KeyRoutes): Router {
  const router = Router({ caseSensitive: true, strict: true });

  addRoute(router, '/keys', {
    get: {
      needs: 'administer-keys',
      handle: async (_request, response) => sendJson(response, 200, { keys: await listKeys(db) }),
    },
    post: {
      needs: 'administer-keys',
      handle: async (request, response) => {
        const body = await jsonBody(request, response);
        const { expires_at = expiryAfter(now()), ...rest } = parse('body', keyRequest, body);
        let text: string | null = null;
        const reply = await doOnce({ db, now }, request, request.body, async (once) => {
          const created = await createKey(once, { ...rest, expires_at }, writeContext(request, now));
          text = created.text;
          return { status: 201, body: { ...created.key, key: null } };
        });
        sendOnce(response, { ...reply, body: withText(reply.body, text) });
      },
    },
  });

  addRoute(router, '/keys/:id', {
    delete: {
      needs: 'administer-keys',
      handle: async (request, response) => {
        await revokeKey(db, pathId(request), writeContext(request, now));
        response.status(204).end();
      },
    },
  });

  return router;
}

/** The secret is put into the reply on its way, so that it is not stored with it: the same Idempotency-Key gets none. */
function withText(body: string, text: string | null): string {
  return JSON.stringify({ ...JSON.parse(body), key: text });
}
