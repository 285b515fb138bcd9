import type { RequestHandler } from 'express';
import { ForbiddenError } from '../errors.ts';
import { isLoopbackName } from '../loopback.ts';

/**
 * Keeps web pages from elsewhere away from a service that asks nobody who they are. A browser of this machine reaches
 * it, and sends what a page wants: to us by the name of the page's own site, when that was made to lead here, or by our
 * address, then with the page's origin.
 */
export function onlyLocalRequests(ownHost: string, corsOrigins: readonly string[]): RequestHandler {
  const isHere = (url: string) => {
    const name = URL.canParse(url) ? new URL(url).hostname : '';
    return isLoopbackName(name) || name === ownHost.toLowerCase();
  };
  return ({ headers: { host = '', origin } }, _response, next) => {
    const isKnownPage = origin === undefined || corsOrigins.includes(origin) || isHere(origin);
    if (!isHere(`http://${host}`) || !isKnownPage) {
      throw new ForbiddenError('Without credentials only this machine is served, by a loopback address');
    }
    next();
  };
}
