import { expect } from 'chai';
import type { Express } from 'express';
import request from 'supertest';
import { createApp } from '../src/app.ts';
import { ROLES } from '../src/http/caller.ts';
import { bearer, withCredentials } from './support/credentials.ts';
import { documentsOfEachTest } from './support/documents.ts';
import { isolation } from './support/isolation.ts';
import { routesOf } from './support/routes.ts';

const ANYBODY = 'anybody';
const HANDS_OVER = 'extractor';
const READS_BACK = 'extractor, reviewer, approver, auditor';
const READS = 'reviewer, approver, auditor';
const REVIEWS = 'reviewer, approver';
const AUDITS = 'auditor';
const KEEPS_KEYS = 'admin';

/** Who may do what: every route of the service, and no other. */
const TABLE: Record<string, string> = {
  'get /': ANYBODY,
  'get /health': ANYBODY,
  'get /livez': ANYBODY,
  'get /readyz': ANYBODY,
  'get /api/health/db': ANYBODY,
  'get /api/v1/openapi.json': ANYBODY,
  'get /api/v1/docs': ANYBODY,
  'get /api/v1/docs/': ANYBODY,
  'get /api/v1/docs/docs.js': ANYBODY,
  'get /api/v1/docs/swagger-ui-bundle.js': ANYBODY,
  'get /api/v1/docs/swagger-ui.css': ANYBODY,

  'post /api/v1/invoices': HANDS_OVER,
  'post /api/v1/documents': HANDS_OVER,
  'get /api/v1/invoices': READS,
  'get /api/v1/invoices/{id}': READS_BACK,
  'get /api/v1/invoices/{id}/document': READS,
  'get /api/v1/invoices/{id}/events': READS,
  'get /api/v1/invoices/{id}/line-items': READS,
  'get /api/v1/invoices/{id}/line-items/{lineId}': READS,
  'patch /api/v1/invoices/{id}': REVIEWS,
  'post /api/v1/invoices/{id}/review': REVIEWS,
  'post /api/v1/invoices/{id}/line-items': REVIEWS,
  'patch /api/v1/invoices/{id}/line-items/{lineId}': REVIEWS,
  'delete /api/v1/invoices/{id}/line-items/{lineId}': REVIEWS,
  'get /api/v1/audit': AUDITS,
  'get /api/v1/audit/verify': AUDITS,
  'get /api/v1/keys': KEEPS_KEYS,
  'post /api/v1/keys': KEEPS_KEYS,
  'delete /api/v1/keys/{id}': KEEPS_KEYS,

  'get /api/hitl/invoices': READS,
  'get /api/hitl/invoice/schema': READS,
  'post /api/hitl/invoice/validate': REVIEWS,
  'get /api/hitl/invoice/{id}': READS,
  'get /api/hitl/invoice/{id}/history': READS,
  'get /api/hitl/invoice/{id}/pdf': READS,
  'post /api/ingestion/upload': HANDS_OVER,
  'post /api/ingestion/batch-upload': HANDS_OVER,
};

describe('who may do what', () => {
  const documents = documentsOfEachTest();

  it('is as in the table, for every route of the service', async () => {
    const app = createApp(isolation.current().db, { ...documents.options(), ...withCredentials() });
    const keys = new Map<string, string>();
    for (const role of ROLES) {
      keys.set(role, await bearer([role]));
    }
    const found: Record<string, string> = {};
    for (const route of routesOf(app)) {
      found[route] = await whoMay(app, route, keys);
    }
    expect(found).to.deep.equal(TABLE);
  });
});

/** The roles that a route lets pass; fails unless the others get the replies that they should. */
async function whoMay(app: Express, route: string, keys: ReadonlyMap<string, string>): Promise<string> {
  if (![401, 403].includes(await statusOf(app, route, {}))) {
    return ANYBODY;
  }
  expect(await statusOf(app, route, {}), `${route} without a credential`).to.equal(401);
  const passed: string[] = [];
  for (const [role, Authorization] of keys) {
    const status = await statusOf(app, route, { Authorization });
    expect(status, `${route} as ${role}`).not.to.equal(401);
    if (status !== 403) {
      passed.push(role);
    }
  }
  return passed.join(', ');
}

async function statusOf(app: Express, route: string, headers: Record<string, string>): Promise<number> {
  const [method = '', path = ''] = route.split(' ');
  const { status } = await request(app)
    [method as 'get' | 'post'](path.replaceAll(/\{\w+\}/g, 'x'))
    .set(headers);
  return status;
}
