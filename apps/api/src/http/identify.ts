import type { RequestHandler } from 'express';
import { ANYBODY, type Credentials } from './caller.ts';
import { UnauthenticatedError } from './http-errors.ts';

/**
 * Notes whose request it is. One without a credential goes on as nobody's: it reaches what is public. One with a
 * credential that is not valid ends here, and `countFailure` decides how often an address may send such.
 */
export function identify(credentials: Credentials | undefined, countFailure: RequestHandler): RequestHandler {
  return async (request, response, next) => {
    const { authorization } = request.headers;
    if (credentials === undefined) {
      request.caller = ANYBODY;
    } else if (authorization !== undefined) {
      try {
        request.caller = await credentials(authorization);
      } catch (error) {
        if (!(error instanceof UnauthenticatedError)) {
          request.log.error({ err: error }, 'the credential could not be checked');
          throw error;
        }
        countFailure(request, response, (tooMany?: unknown) => next(tooMany ?? error));
        return;
      }
    }
    next();
  };
}
