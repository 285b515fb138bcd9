import type { RequestListener } from 'node:http';
import type { Registry } from 'prom-client';

/**
 * Answers `GET /metrics` and nothing else. It listens on a port of its own, so that what stands before the service never
 * passes it on to the outside.
 */
export function metricsListener(registry: Registry): RequestListener {
  return async (request, response) => {
    if (request.url?.split('?')[0] !== '/metrics' || (request.method !== 'GET' && request.method !== 'HEAD')) {
      response.writeHead(404).end();
      return;
    }
    try {
      const text = await registry.metrics();
      response.writeHead(200, { 'Content-Type': registry.contentType }).end(text);
    } catch {
      response.writeHead(500).end();
    }
  };
}
