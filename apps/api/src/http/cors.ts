import type { RequestHandler } from 'express';

const METHODS = 'GET, HEAD, POST, PATCH, DELETE';
const ACCEPTED =
  'Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, If-Range, Range, traceparent, tracestate, X-Request-Id';
const EXPOSED =
  'Accept-Ranges, Content-Disposition, Content-Range, ETag, Idempotency-Replayed, Link, Location, RateLimit, RateLimit-Policy, Retry-After, WWW-Authenticate, X-Request-Id';

/** Lets web pages of the given origins use the API; without origins no CORS header is ever sent. */
export function allowOrigins(origins: readonly string[]): RequestHandler {
  return (request, response, next) => {
    const { origin } = request.headers;
    if (origins.length > 0) {
      response.vary('Origin');
    }
    if (origin === undefined || !origins.includes(origin)) {
      next();
      return;
    }
    response.set('Access-Control-Allow-Origin', origin);
    response.set('Access-Control-Expose-Headers', EXPOSED);
    if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined) {
      next();
      return;
    }
    response.set({ 'Access-Control-Allow-Methods': METHODS, 'Access-Control-Allow-Headers': ACCEPTED });
    response.set('Access-Control-Max-Age', '600');
    response.status(204).end();
  };
}
