import type { RequestHandler } from 'express';
import helmet from 'helmet';

const YEAR_SECONDS = 31_536_000;

/** Says to browsers that no reply is a page: nothing in it is run, sniffed, framed or kept. */
export function securityHeaders(): RequestHandler {
  const headers = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { defaultSrc: ["'none'"], baseUri: ["'none'"], formAction: ["'none'"], frameAncestors: ["'none'"] },
    },
    xFrameOptions: { action: 'deny' },
    // Not for other services on subdomains. Browsers heed it only over TLS.
    strictTransportSecurity: { maxAge: YEAR_SECONDS, includeSubDomains: false },
  });
  return (request, response, next) => {
    response.set('Cache-Control', 'no-store');
    headers(request, response, next);
  };
}

/** What an uploaded document may do in a browser: be shown. It is never a page of this site. */
export const DOCUMENT_POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'";
