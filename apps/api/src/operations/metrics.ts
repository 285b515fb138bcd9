import type { ErrorRequestHandler, RequestHandler } from 'express';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { StaleWriteError } from '../errors.ts';
import { routeOf, secondsSinceStart } from '../http/request-facts.ts';

/** The measurements of one app, and what takes those of its requests. */
export interface Metrics {
  /** Of this app alone: two in one process do not add up. */
  readonly registry: Registry;
  readonly countRequests: RequestHandler;
  readonly countStaleWrites: ErrorRequestHandler;
}

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PATCH', 'PUT', 'DELETE', 'OPTIONS']);
const SECONDS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Makes the measurements of an app. Every label has few values, whatever callers send. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const labelNames = ['method', 'route', 'status_class'] as const;
  const requests = new Counter({ name: 'http_requests_total', help: 'Requests that are over', labelNames, registers });
  const durations = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from the first byte of the request to the last one of the reply',
    labelNames,
    buckets: SECONDS,
    registers,
  });
  const inFlight = new Gauge({ name: 'http_requests_in_flight', help: 'Requests being answered now', registers });
  const staleWrites = new Counter({
    name: 'invoice_api_stale_writes_total',
    help: 'Writes refused because somebody else had written first',
    registers,
  });

  return {
    registry,
    countRequests: (request, response, next) => {
      inFlight.inc();
      response.once('close', () => {
        inFlight.dec();
        const labels = {
          method: METHODS.has(request.method) ? request.method : 'OTHER',
          route: routeOf(response),
          status_class: response.writableFinished ? `${Math.floor(response.statusCode / 100)}xx` : 'aborted',
        };
        requests.inc(labels);
        durations.observe(labels, secondsSinceStart(response));
      });
      next();
    },
    countStaleWrites: (error, _request, _response, next) => {
      if (error instanceof StaleWriteError) {
        staleWrites.inc();
      }
      next(error);
    },
  };
}
