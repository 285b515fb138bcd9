import { z } from 'zod';
import { describe, json } from '../http/openapi/describe.ts';
import { replied } from '../http/reply-values.ts';
import { auditPage, knownHead } from './audit-request.ts';

const tag = 'Audit';
const { text, time } = replied;
const position = z.int().min(1);
const hash = z.string().regex(/^[0-9a-f]{64}$/);

const event = {
  position,
  at: time,
  actor: text.nullable(),
  action: text,
  request_id: text.nullable(),
  review_version: replied.version.nullable(),
  changes: z.array(z.strictObject({ field: text, old: z.unknown(), new: z.unknown() })),
};
const entry = z.strictObject({ ...event, invoice_id: text.nullable(), previous_hash: hash, hash });
const next_after = position.nullable();

const report = z.strictObject({
  valid: z.boolean(),
  entries: z.int().min(0),
  head: z.strictObject({ position: z.int().min(0), hash: text }).nullable(),
  first_bad: z.strictObject({ position: z.int(), reason: text }).nullable(),
});

/** The operations of router.ts. */
export const auditOperations = [
  describe('get', '/api/v1/audit', {
    ...{ name: 'listAudit', tag, needs: 'audit', summary: 'What was written, by whom and when' },
    query: auditPage,
    replies: { 200: json('One page, oldest first.', z.strictObject({ entries: z.array(entry), next_after })) },
  }),
  describe('get', '/api/v1/audit/verify', {
    ...{ name: 'verifyAudit', tag, needs: 'audit', summary: 'Whether the log is as it was written' },
    query: knownHead,
    replies: { 200: json('How far it is, and the first entry that is not.', report) },
  }),
  describe('get', '/api/v1/invoices/{id}/events', {
    ...{ name: 'listEvents', tag, needs: 'read', summary: 'What was written about an invoice' },
    query: auditPage,
    replies: {
      200: json('One page, oldest first.', z.strictObject({ events: z.array(z.strictObject(event)), next_after })),
    },
    errors: { 404: 'No invoice has this id.' },
  }),
];
