import type { RouteConfig } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import type { Permission } from '../permissions.ts';
import { type ErrorReplies, errorReplies } from './error-replies.ts';

/** One method of a path as it is described beside its router. */
export interface Description {
  /** What programs call it: `handOverInvoice`. */
  readonly name: string;
  readonly tag: string;
  readonly summary: string;
  readonly details?: string;
  /** As the route says it. */
  readonly needs: Permission;
  readonly query?: NonNullable<NonNullable<RouteConfig['request']>['query']>;
  /** Headers of the request, by name. */
  readonly headers?: Readonly<Record<string, z.ZodType>>;
  /** The schemas that read the body, by content type, each with an example that is taken as it is. */
  readonly body?: Readonly<Record<string, Body>>;
  readonly replies: Readonly<Record<number, Reply>>;
  /** Its own errors; those that every such operation can answer with are added. */
  readonly errors?: ErrorReplies;
}

/** A body that a request may have. */
interface Body {
  readonly schema: z.ZodType;
  readonly example?: unknown;
}

/** A reply that is no error. */
export interface Reply {
  readonly description: string;
  readonly headers?: Readonly<Record<string, z.ZodType>>;
  /** The schema of the body, of a JSON reply unless `type` says otherwise; no body without. */
  readonly schema?: z.ZodType;
  readonly type?: string;
}

/** Every reply says under which id the log has its request. */
const REQUEST_ID = { 'X-Request-Id': z.string().meta({ description: 'The id of the request in the log.' }) };

/** An entry of the OpenAPI document. */
export function describe(method: RouteConfig['method'], path: string, description: Description): RouteConfig {
  const { name, tag, summary, details, needs, body, replies } = description;
  return {
    method,
    path,
    operationId: name,
    tags: [tag],
    summary,
    ...(details !== undefined && { description: details }),
    security: needs === 'public' ? [] : [{ bearer: [] }],
    request: {
      ...parameters(path, description),
      ...(body !== undefined && { body: { required: true, content: contentOf(body) } }),
    },
    responses: { ...mapValues(replies, replyOf), ...mapValues(errorReplies(path, description), replyOf) },
  };
}

/** A reply of JSON. */
export function json(description: string, schema: z.ZodType, headers?: Reply['headers']): Reply {
  return { description, schema, ...(headers !== undefined && { headers }) };
}

/** The header that carries an invoice's version, as `If-Match` wants it back. */
export const ETAG = {
  ETag: z
    .string()
    .regex(/^"[0-9]+"$/)
    .meta({ description: 'The review version of the invoice.' }),
};

/** The header of writes that may be sent again; its errors are added. */
export const IDEMPOTENCY_KEY = {
  'Idempotency-Key': z.string().optional().meta({
    description: 'A text of your own: sent again with the same body within a day, the same reply comes back.',
  }),
};

function parameters(path: string, { query, headers }: Description): NonNullable<RouteConfig['request']> {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => [name, z.string()]);
  return {
    ...(names.length > 0 && { params: z.object(Object.fromEntries(names)) }),
    ...(query !== undefined && { query }),
    ...(headers !== undefined && { headers: z.object(headers) }),
  };
}

function contentOf(body: NonNullable<Description['body']>) {
  return mapValues(body, ({ schema, example }) => ({ schema, ...(example !== undefined && { example }) }));
}

function replyOf({ description, headers, schema, type = 'application/json' }: Reply): RouteConfig['responses'][string] {
  return {
    description,
    headers: z.object({ ...REQUEST_ID, ...headers }),
    ...(schema !== undefined && { content: { [type]: { schema } } }),
  };
}

function mapValues<T, U>(object: Readonly<Record<string, T>>, map: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, map(value)]));
}
