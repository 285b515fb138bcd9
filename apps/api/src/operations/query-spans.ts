import type { AsyncLocalStorage } from 'node:async_hooks';
import type { Context, Span, Tracer } from '@opentelemetry/api';
import type { Knex } from 'knex';
import { querySummary } from './query-summary.ts';

/** The names of OpenTelemetry, handed on because they are loaded only where they are wanted. */
export type Api = typeof import('@opentelemetry/api');

/** What belongs to one request: the step it is, and its queries that have not been answered. */
export interface Current {
  readonly context: Context;
  readonly queries: Map<string, Span>;
}

/** As Knex tells of it. */
interface Query {
  readonly __knexQueryUid: string;
  readonly sql?: string;
}

const SYSTEMS: Readonly<Record<string, string>> = { sqlite3: 'sqlite', postgresql: 'postgresql', mysql: 'mysql' };

/** Records each query as a step of its request: its kind and its table, never its text, which may hold values. */
export function recordQueries(api: Api, tracer: Tracer, current: AsyncLocalStorage<Current>, db: Knex): void {
  const system = SYSTEMS[db.client.dialect] ?? 'other_sql';
  db.on('query', ({ __knexQueryUid, sql }: Query) => {
    const request = current.getStore();
    if (request !== undefined) {
      const summary = querySummary(sql ?? '');
      const attributes = { 'db.system.name': system, 'db.query.summary': summary };
      const span = tracer.startSpan(summary, { kind: api.SpanKind.CLIENT, attributes }, request.context);
      request.queries.set(__knexQueryUid, span);
    }
  });
  const end = ({ __knexQueryUid }: Query, failed: boolean) => {
    const queries = current.getStore()?.queries;
    const span = queries?.get(__knexQueryUid);
    if (failed) {
      span?.setStatus({ code: api.SpanStatusCode.ERROR });
    }
    span?.end();
    queries?.delete(__knexQueryUid);
  };
  db.on('query-response', (_response: unknown, query: Query) => end(query, false));
  db.on('query-error', (_error: unknown, query: Query) => end(query, true));
}
