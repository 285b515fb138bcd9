import { z } from 'zod';
import { describe, json } from './openapi/describe.ts';

const tag = 'Status';
const needs = 'public';

/** The operations of status-router.ts. */
export const statusOperations = [
  describe('get', '/', {
    ...{ name: 'getBanner', tag, needs, summary: 'Says what this is' },
    replies: {
      200: json('It runs.', z.strictObject({ message: z.string(), version: z.string(), status: z.literal('running') })),
    },
  }),
  describe('get', '/health', {
    ...{ name: 'getHealth', tag, needs, summary: 'Says that the process answers; touches nothing else' },
    replies: { 200: json('It answers.', z.strictObject({ status: z.literal('healthy') })) },
  }),
  describe('get', '/api/health/db', {
    ...{ name: 'getDatabaseHealth', tag, needs, summary: 'Says whether the database answers' },
    replies: { 200: json('It answers.', z.strictObject({ status: z.literal('ok') })) },
    errors: { 503: 'It does not answer.' },
  }),
];
