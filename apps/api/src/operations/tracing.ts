import { AsyncLocalStorage } from 'node:async_hooks';
import type { Context, Tracer } from '@opentelemetry/api';
import type { Knex } from 'knex';
import type { RequestSpan, StartSpan, TraceContext } from '../http/trace-context.ts';
import { type Api, type Current, recordQueries } from './query-spans.ts';
import { soon } from './soon.ts';

/** Records the steps of traces and sends them to a collector. */
export interface Tracing {
  readonly startSpan: StartSpan;
  /** Records the queries that requests make on a database. */
  watchDatabase(db: Knex): void;
  /** Sends what has not been sent yet, if the collector takes it within a moment. */
  close(): Promise<void>;
}

/** Where steps are sent, and under which name. */
export interface TracingOptions {
  /** Of a collector that takes OTLP over HTTP; `/v1/traces` is added to it. */
  readonly endpoint: string;
  readonly serviceName: string;
}

const SEND_LIMIT_MS = 2_000;

/** Loads OpenTelemetry, which is installed only where it is wanted, and starts to record. */
export async function startTracing({ endpoint, serviceName }: TracingOptions): Promise<Tracing> {
  const [api, { OTLPTraceExporter }, { resourceFromAttributes }, sdk] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
    import('@opentelemetry/sdk-trace-base'),
  ]);
  const exporter = new OTLPTraceExporter({
    url: `${endpoint.replace(/\/+$/, '')}/v1/traces`,
    timeoutMillis: SEND_LIMIT_MS,
  });
  const provider = new sdk.BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.name': serviceName }),
    spanProcessors: [new sdk.BatchSpanProcessor(exporter)],
  });
  const tracer = provider.getTracer('invoice-api');
  const current = new AsyncLocalStorage<Current>();
  return {
    startSpan: (method, parent) => requestSpan(api, tracer, current, method, parent),
    watchDatabase: (db) => recordQueries(api, tracer, current, db),
    close: () => soon(provider.shutdown()).catch(() => undefined),
  };
}

function requestSpan(
  api: Api,
  tracer: Tracer,
  current: AsyncLocalStorage<Current>,
  method: string,
  parent: TraceContext | undefined,
): RequestSpan {
  const kind = api.SpanKind.SERVER;
  const span = tracer.startSpan(
    method,
    { kind, attributes: { 'http.request.method': method } },
    remoteContext(api, parent),
  );
  const { traceId, spanId, traceFlags } = span.spanContext();
  const store = { context: api.trace.setSpan(api.ROOT_CONTEXT, span), queries: new Map() };
  return {
    context: { traceId, spanId, sampled: (traceFlags & api.TraceFlags.SAMPLED) !== 0 },
    run: (work) => current.run(store, work),
    end: (status, route) => {
      span.updateName(route === undefined ? method : `${method} ${route}`);
      span.setAttribute('http.response.status_code', status);
      if (route !== undefined) {
        span.setAttribute('http.route', route);
      }
      if (status >= 500) {
        span.setStatus({ code: api.SpanStatusCode.ERROR });
      }
      span.end();
    },
  };
}

function remoteContext(api: Api, parent: TraceContext | undefined): Context {
  if (parent === undefined) {
    return api.ROOT_CONTEXT;
  }
  const { traceId, spanId, sampled, state } = parent;
  return api.trace.setSpanContext(api.ROOT_CONTEXT, {
    traceId,
    spanId,
    traceFlags: sampled ? api.TraceFlags.SAMPLED : api.TraceFlags.NONE,
    isRemote: true,
    ...(state !== undefined && { traceState: api.createTraceState(state) }),
  });
}
