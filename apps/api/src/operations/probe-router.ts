import { Router } from 'express';
import { sendJson } from '../http/reply.ts';
import { addRoute } from '../http/routes.ts';
import type { Readiness } from './readiness.ts';

/** What machines ask: `/livez`, whether the process should be started anew, `/readyz`, whether it should get requests. */
export function probeRouter(readiness: Readiness): Router {
  const router = Router({ caseSensitive: true, strict: true });
  addRoute(router, '/livez', {
    get: { needs: 'public', handle: (_request, response) => sendJson(response, 200, { status: 'alive' }) },
  });
  addRoute(router, '/readyz', {
    get: {
      needs: 'public',
      handle: async (request, response) => {
        const { ready, checks, failures } = await readiness.report();
        for (const { check, error } of failures) {
          request.log.warn({ check, err: error }, 'not ready');
        }
        response.set('Cache-Control', 'no-store');
        sendJson(response, ready ? 200 : 503, { status: ready ? 'ready' : 'not ready', checks });
      },
    },
  });
  return router;
}
