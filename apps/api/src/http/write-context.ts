import type { Request } from 'express';
import type { WriteContext } from '../model/write-context.ts';

/** What use cases are told about the request that makes them write. */
export function writeContext(request: Request, now: () => Date): WriteContext {
  return { actor: null, requestId: String(request.id), now: now().toISOString() };
}
