import { Router } from 'express';
import type { Knex } from 'knex';
import { DatabaseUnavailableError } from './http-errors.ts';
import { sendJson } from './reply.ts';
import { addRoute } from './routes.ts';

const VERSION = '1.0.0';

/** Says that the service runs, and whether its database answers. */
export function statusRouter(db: Knex): Router {
  const router = Router({ caseSensitive: true, strict: true });
  addRoute(router, '/', {
    get: {
      needs: 'public',
      handle: (_request, response) =>
        sendJson(response, 200, { message: 'Invoice review API', version: VERSION, status: 'running' }),
    },
  });
  addRoute(router, '/health', {
    get: { needs: 'public', handle: (_request, response) => sendJson(response, 200, { status: 'healthy' }) },
  });
  addRoute(router, '/api/health/db', {
    get: {
      needs: 'public',
      handle: async (request, response) => {
        try {
          await db.raw('SELECT 1');
        } catch (cause) {
          request.log.error({ err: cause }, 'database unavailable');
          throw new DatabaseUnavailableError('Database unavailable', { cause });
        }
        sendJson(response, 200, { status: 'ok' });
      },
    },
  });
  return router;
}
