import { z } from 'zod';
import { staleMembers } from '../answer-schemas.ts';
import type { ErrorReplies } from './error-replies.ts';

const TAGS = z.string();

/** Which version a write is about. */
export const IF_MATCH = {
  'If-Match': TAGS.meta({ description: 'The ETag of the invoice; `*` for whichever version there is.' }),
};

/** What a client has already. */
export const KEPT = { 'If-None-Match': TAGS.optional() };

/** The reply to a client that has all there is. */
export const NOT_MODIFIED = { description: 'It is still as `If-None-Match` says.' };

/** The errors of a write whose version comes in If-Match. */
export function writeErrors(notFound: string): ErrorReplies {
  return {
    400: 'If-Match is no list of entity tags, or the path has a malformed escape.',
    404: notFound,
    409: {
      description: 'The state of the invoice allows no change, or a request with this key is running.',
      members: { current_state: z.string().optional() },
    },
    412: { description: 'Someone else was quicker; nothing was written.', members: staleMembers },
    415: { description: 'The body is no JSON.', headers: { 'Accept-Patch': z.string() } },
    428: 'If-Match is missing.',
  };
}
