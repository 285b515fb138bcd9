import { z } from 'zod';
import { count } from '../http/query-values.ts';
import { value } from '../http/values.ts';
import type { AuditHead } from './audit-entry.ts';

const MAX_LIMIT = 200;
const DEFAULT_LIMIT = 50;

const hash = value<string>(
  (sent, refuse) =>
    typeof sent === 'string' && /^[0-9a-f]{64}$/.test(sent)
      ? sent
      : refuse('string_invalid', 'not a SHA-256 as 64 hex digits in lower case'),
  { type: 'string', pattern: '^[0-9a-f]{64}$' },
);

/** Which page of entries is asked for. */
export const auditPage = z.object({
  after: count({ least: 0, most: Number.MAX_SAFE_INTEGER }).default(0),
  limit: count({ least: 1, most: MAX_LIMIT }).default(DEFAULT_LIMIT).meta({ default: DEFAULT_LIMIT }),
});

/** The head to compare with, if one was written down: both of its values or neither. */
export const knownHead = z
  .object({ position: count({ least: 1, most: Number.MAX_SAFE_INTEGER }).optional(), hash: hash.optional() })
  .superRefine((sent, context) => {
    const missing = (['position', 'hash'] as const).filter((name) => sent[name] === undefined);
    if (missing.length === 1) {
      context.addIssue({ code: 'custom', path: missing, message: 'required', params: { problem: 'missing' } });
    }
  });

/** The head that a query names; null when it names none. */
export function headOfQuery({ position, hash }: z.output<typeof knownHead>): AuditHead | null {
  return position === undefined || hash === undefined ? null : { position, hash };
}
