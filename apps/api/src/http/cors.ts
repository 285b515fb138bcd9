import type { RequestHandler } from 'express';

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
    response.set('Access-Control-Expose-Headers', 'ETag, Location, X-Request-Id, Content-Disposition');
    if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined) {
      next();
      return;
    }
    response.set('Access-Control-Allow-Methods', 'GET, POST').set('Access-Control-Allow-Headers', 'Content-Type');
    response.status(204).end();
  };
}
