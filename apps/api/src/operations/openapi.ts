import { z } from 'zod';
import { describe, json } from '../http/openapi/describe.ts';

const tag = 'Status';
const needs = 'public';

const readiness = z.strictObject({
  status: z.enum(['ready', 'not ready']),
  checks: z.record(z.string(), z.enum(['ok', 'failed'])),
});

/** The operations of probe-router.ts. */
export const probeOperations = [
  describe('get', '/livez', {
    ...{ name: 'getLiveness', tag, needs, summary: 'Whether the process should be left running' },
    replies: { 200: json('It should.', z.strictObject({ status: z.literal('alive') })) },
  }),
  describe('get', '/readyz', {
    ...{ name: 'getReadiness', tag, needs, summary: 'Whether requests should be sent here' },
    replies: {
      200: json('They should.', readiness),
      503: json('They should not, for the checks that failed.', readiness),
    },
  }),
];
