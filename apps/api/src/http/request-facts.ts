import type { RequestHandler, Response } from 'express';
import type { TraceContext } from './trace-context.ts';

declare global {
  namespace Express {
    /** What is learned about a request while it is answered, for its log line and the metrics. */
    interface Locals {
      /** By the clock that only goes forward. */
      startedAt?: number;
      /** The pattern of the path, such as `/api/v1/invoices/:id`. */
      route?: string;
      /** The place in the caller's trace, or in one of our own. */
      trace?: TraceContext;
    }
  }
}

/** Stands for the paths that no route has, however many different ones are asked for. */
const UNKNOWN_ROUTE = 'unknown';

/** Paths that machines ask for all the time. */
const PROBES = new Set(['/health', '/api/health/db', '/livez', '/readyz']);

/** Notes when a request came; before everything else. */
export const noteStart: RequestHandler = (_request, response, next) => {
  response.locals.startedAt = performance.now();
  next();
};

/** How long a request has taken until now. */
export function secondsSinceStart(response: Response): number {
  const now = performance.now();
  return (now - (response.locals.startedAt ?? now)) / 1_000;
}

/** The pattern of the path that was asked for: one of few, whatever callers send. */
export function routeOf(response: Response): string {
  return response.locals.route ?? UNKNOWN_ROUTE;
}

/** Whether a pattern is one of the paths for probes. */
export function isProbe(route: string): boolean {
  return PROBES.has(route);
}
