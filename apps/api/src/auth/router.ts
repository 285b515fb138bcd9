import { Router } from 'express';
import type { Knex } from 'knex';
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
      // No Idempotency-Key: its reply would have to be stored, and holds the secret. A key made twice is revoked once.
      handle: async (request, response) => {
        const { expires_at = expiryAfter(now()), ...rest } = parse(
          'body',
          keyRequest,
          await jsonBody(request, response),
        );
        const { key, text } = await createKey(db, { ...rest, expires_at }, writeContext(request, now));
        sendJson(response, 201, { ...key, key: text });
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
