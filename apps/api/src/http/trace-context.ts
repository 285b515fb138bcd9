import type { RequestHandler } from 'express';

/** A place in a trace, in the words of W3C Trace Context. */
export interface TraceContext {
  /** 32 hexadecimal digits, the same for all that belongs to one trace. */
  readonly traceId: string;
  /** 16 hexadecimal digits: one step of the trace. */
  readonly spanId: string;
  /** Whether the caller keeps the trace. */
  readonly sampled: boolean;
  /** What other tracing systems passed along, as it was sent. */
  readonly state?: string;
}

/** The step of a trace that one request is. */
export interface RequestSpan {
  readonly context: TraceContext;
  /** Runs what belongs to the request. */
  run(work: () => void): void;
  /** The request is over; `route` is the pattern of its path, if it is a known one. */
  end(status: number, route: string | undefined): void;
}

/** Begins the step of a request, under that of the caller if there is one. */
export type StartSpan = (method: string, parent: TraceContext | undefined) => RequestSpan | undefined;

const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-((?!0{32})[0-9a-f]{32})-((?!0{16})[0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const LONGEST_STATE = 512;

/**
 * Follows the caller's trace: notes it for the log, passes it on to what records spans, and answers in `traceresponse`
 * which step of the trace the reply belongs to.
 */
export function traceRequests(startSpan: StartSpan): RequestHandler {
  return (request, response, next) => {
    const parent = readTraceparent(request.get('traceparent'));
    const state = request.get('tracestate');
    const withState = state !== undefined && state.length <= LONGEST_STATE ? { state } : {};
    const span = startSpan(request.method, parent === undefined ? undefined : { ...parent, ...withState });
    const context = span?.context ?? parent;
    if (context === undefined) {
      next();
      return;
    }
    response.locals.trace = context;
    response.set('traceresponse', writeTraceparent(context));
    if (span === undefined) {
      next();
      return;
    }
    response.once('close', () => span.end(response.statusCode, response.locals.route));
    span.run(next);
  };
}

/** Reads `traceparent`; undefined when there is none or it breaks the format, which then is as if it had not come. */
function readTraceparent(header: string | undefined): Omit<TraceContext, 'state'> | undefined {
  const [, version, traceId = '', spanId = '', flags = '', more] = TRACEPARENT.exec(header ?? '') ?? [];
  if (version === undefined || (version === '00' && more !== undefined)) {
    return undefined;
  }
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

/** A place in a trace as a header. */
function writeTraceparent({ traceId, spanId, sampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
}
