import { z } from 'zod';
import { detailSchema, problemSchema, problemsSchema, refusalSchema, refusals } from '../answer-schemas.ts';
import type { Description, Reply } from './describe.ts';

/** An operation's own errors: what each status means there, and what the body holds if it is more than a text. */
export type ErrorReplies = Readonly<Record<number, string | Special>>;

/** An error whose body says more than others. */
interface Special {
  readonly description: string;
  /** What `detail` holds; on /api/v1 members beside it. */
  readonly holds?: z.ZodType;
  readonly members?: z.ZodRawShape;
  readonly headers?: Readonly<Record<string, z.ZodType>>;
}

const CHALLENGE = { 'WWW-Authenticate': z.string() };

/** Every error that an operation can answer with, in the format of its path. */
export function errorReplies(path: string, description: Description): Record<string, Reply> {
  const errors: ErrorReplies = { ...commonErrors(path, description), ...description.errors };
  const isV1 = path.startsWith('/api/v1/');
  return Object.fromEntries(
    Object.entries(errors).map(([status, error]) => {
      const special = typeof error === 'string' ? { description: error } : error;
      return [status, isV1 ? asProblem(status, special) : asDetail(status, special)];
    }),
  );
}

function commonErrors(path: string, { needs, headers = {}, query, body }: Description): ErrorReplies {
  const isMade = 'Idempotency-Key' in headers;
  return {
    ...((path.includes('{') || isMade) && { 400: 'The path or a header is malformed.' }),
    ...(isMade && { 409: 'A request with this Idempotency-Key is still running.' }),
    ...(needs !== 'public' && {
      401: { description: 'No credential, or none that is valid.', headers: CHALLENGE },
      403: { description: 'The credential does not allow this.', headers: CHALLENGE },
      503: { description: 'The database is busy; nothing was written.', holds: z.union([z.string(), refusals.busy]) },
    }),
    ...(body !== undefined && { 413: 'The body is too large.' }),
    ...((body !== undefined || query !== undefined) && { 422: 'Each problem of the request, up to a hundred.' }),
    429: 'Too many requests; the headers say when there may be more.',
    500: 'A failure in the service; the log has it under this id.',
  };
}

function asProblem(status: string, { description, members = {}, headers }: Special): Reply {
  const schema = status === '422' && Object.keys(members).length === 0 ? problemsSchema : problemSchema.extend(members);
  return { description, schema, type: 'application/problem+json', ...(headers && { headers }) };
}

function asDetail(status: string, { description, holds, headers }: Special): Reply {
  const schema =
    holds !== undefined ? refusalSchema(holds) : status === '422' ? detailSchema : refusalSchema(z.string());
  return { description, schema, ...(headers && { headers }) };
}
