import type { Request, RequestHandler } from 'express';
import { ipKeyGenerator, type Options, rateLimit } from 'express-rate-limit';
import { TooManyRequestsError } from './http-errors.ts';

/** How many credentials that are not valid one address may send in a minute. */
const MOST_FAILURES = 30;

const common: Partial<Options> = {
  windowMs: 60_000,
  standardHeaders: 'draft-8',
  legacyHeaders: false,
  // Its checks write to the standard error whatever headers a client chooses to send.
  validate: false,
  handler: (_request, _response, next) => next(new TooManyRequestsError('Too many requests')),
};

/** Limits how many requests a minute one credential, or else one address, may send; 0 is no limit. */
export function limitRequests(perMinute: number): RequestHandler {
  return perMinute === 0
    ? passOn
    : rateLimit({
        ...common,
        limit: perMinute,
        identifier: 'requests',
        keyGenerator: (request) => request.caller?.id ?? address(request),
      });
}

/**
 * Counts a credential that is not valid. Those beyond the limit are answered with 429; a valid one from the same address
 * is never refused for them, else anybody behind the same proxy could lock all others out.
 */
export function limitFailures(): RequestHandler {
  return rateLimit({ ...common, limit: MOST_FAILURES, identifier: 'failed-credentials', keyGenerator: address });
}

/** Of an IPv6 address the network, because a single client has all of it. */
function address({ ip }: Request): string {
  return ip === undefined ? 'gone' : ipKeyGenerator(ip);
}

const passOn: RequestHandler = (_request, _response, next) => next();
