import type { Request } from 'express';
import type { WriteContext } from '../model/write-context.ts';
import { may } from './permissions.ts';

/** What use cases are told about the request that makes them write; whose it is says its credential, never its body. */
export function writeContext({ id, caller }: Request, now: () => Date): WriteContext {
  return {
    actor: caller?.name ?? null,
    requestId: String(id),
    mayApprove: caller !== undefined && may(caller, 'approve'),
    now: now().toISOString(),
  };
}
