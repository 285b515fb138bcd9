import { z } from 'zod';
import { ROLES } from '../http/caller.ts';
import { describe, IDEMPOTENCY_KEY, json } from '../http/openapi/describe.ts';
import { replied } from '../http/reply-values.ts';
import { keyRequest } from './key-request.ts';

const tag = 'API keys';
const needs = 'administer-keys';

const key = z.strictObject({
  id: z.string(),
  name: z.string(),
  roles: z.array(z.enum(ROLES)),
  created_at: replied.time,
  expires_at: replied.time.nullable(),
  revoked_at: replied.time.nullable(),
});
const secret = z.string().nullable().meta({ description: 'The key itself. It is never shown again.' });
const created = key.extend({ key: secret });

const EXAMPLE = { name: 'scanner in the mail room', roles: ['extractor'] };

/** The operations of router.ts. */
export const keyOperations = [
  describe('get', '/api/v1/keys', {
    ...{ name: 'listKeys', tag, needs, summary: 'Who holds which key' },
    replies: { 200: json('All keys, those that cannot be used any more too.', z.strictObject({ keys: z.array(key) })) },
  }),
  describe('post', '/api/v1/keys', {
    ...{ name: 'createKey', tag, needs, summary: 'Makes a key' },
    details: 'Without `expires_at` it is valid for a year, with null for ever. A repeated reply has null for `key`.',
    headers: IDEMPOTENCY_KEY,
    body: { 'application/json': { schema: keyRequest, example: EXAMPLE } },
    replies: { 201: json('The key.', created) },
  }),
  describe('delete', '/api/v1/keys/{id}', {
    ...{ name: 'revokeKey', tag, needs, summary: 'Makes a key worthless from now on' },
    replies: { 204: { description: 'It is.' } },
    errors: { 404: 'No key has this id.' },
  }),
];
