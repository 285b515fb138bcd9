import { randomUUID } from 'node:crypto';
import type { Request, RequestHandler, Response } from 'express';
import type { Level, Logger } from 'pino';
import { pinoHttp } from 'pino-http';
import { describeFailure } from './describe-failure.ts';
import { isProbe, routeOf, secondsSinceStart } from './request-facts.ts';

/** What is taken over from `X-Request-Id`: nothing that could break a line of a log or a header. */
const REQUEST_ID = /^[A-Za-z0-9._-]{8,64}$/;

/**
 * Gives every request an id, its caller's own if that is well-formed, sends it as `X-Request-Id`, and logs one line when
 * the request is over. Only what is named here is logged: of a path its pattern, since ids, searches and keys are
 * nobody's business in a log, and neither headers, bodies nor messages of errors.
 */
export function requestLogging(logger: Logger): RequestHandler {
  return pinoHttp<Request, Response>({
    logger,
    wrapSerializers: false,
    genReqId: (request, response) => {
      const id = requestId(request.get('X-Request-Id'));
      response.set('X-Request-Id', id);
      return id;
    },
    serializers: {
      req: (request: Request) => ({ id: request.id, method: request.method, ...traceOf(request.res) }),
      err: describeFailure,
    },
    customLogLevel: (_request, response) => levelOf(response),
    customSuccessObject: (_request, response) => outcome(response),
    customErrorObject: (_request, response) => outcome(response),
    customSuccessMessage: (_request, response) => message(response),
    customErrorMessage: (_request, response) => message(response),
  });
}

function requestId(sent: string | undefined): string {
  return sent !== undefined && REQUEST_ID.test(sent) ? sent : randomUUID();
}

function traceOf(response: Response | undefined): object {
  const trace = response?.locals.trace;
  return trace === undefined ? {} : { trace_id: trace.traceId, span_id: trace.spanId };
}

/** What is known when the reply is over. */
function outcome(response: Response): object {
  return {
    route: routeOf(response),
    status: response.statusCode,
    ...callerOf(response.req),
    duration_ms: Math.round(secondsSinceStart(response) * 1e6) / 1e3,
    bytes: response.req.method === 'HEAD' ? 0 : Number(response.get('Content-Length') ?? 0),
  };
}

/** Whose request it was, by their credential. */
function callerOf({ caller }: Request): object {
  return caller?.name ? { caller: caller.name } : {};
}

/** Probes come every few seconds from several sides. */
function levelOf(response: Response): Level {
  if (isProbe(routeOf(response))) {
    return response.statusCode >= 500 ? 'warn' : 'debug';
  }
  return response.statusCode >= 500 ? 'error' : 'info';
}

function message(response: Response): string {
  return response.writableFinished || response.writableEnded ? 'request answered' : 'caller gone before the reply';
}
