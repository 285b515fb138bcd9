import { expect } from 'chai';
import type { Express } from 'express';
import type { Knex } from 'knex';
import supertest, { type Response } from 'supertest';
import { type AppOptions, createApp } from '../../src/app.ts';
import { isolation } from './isolation.ts';
import { matchesDocument } from './openapi.ts';

/** A JSON object as a test reads it. */
// biome-ignore lint/suspicious/noExplicitAny: replies are looked into freely; the assertions say what is expected
export type Json = any;

/** The API on the running test's own database. */
export function api(options?: AppOptions): ReturnType<typeof supertest> {
  const { db } = isolation.current();
  return request(options === undefined ? plainApp(db) : createApp(db, options));
}

/** Making an app takes longer than most requests. */
const plainApps = new WeakMap<Knex, Express>();

function plainApp(db: Knex): Express {
  const app = plainApps.get(db) ?? createApp(db);
  plainApps.set(db, app);
  return app;
}

/** As supertest, but fails for every reply that is not as the OpenAPI document describes it. */
export function request(app: Parameters<typeof supertest>[0]): ReturnType<typeof supertest> {
  const agent = supertest(app);
  for (const method of ['get', 'head', 'post', 'put', 'patch', 'delete', 'options'] as const) {
    const send = agent[method];
    agent[method] = (url: string) => send(url).expect(matchesDocument);
  }
  return agent;
}

/** Posts a JSON body; text is sent as it is, so that numbers keep their digits. */
export async function post(path: string, body: unknown, options?: AppOptions): Promise<Response> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return api(options).post(path).set('Content-Type', 'application/json').send(text);
}

/** Gets a path. */
export async function get(path: string): Promise<Response> {
  return api().get(path);
}

/** Hands an invoice over and returns its representation; fails unless that is a 201. */
export async function handOver(body: unknown, options?: AppOptions): Promise<Json> {
  const response = await post('/api/v1/invoices', body, options);
  expect(response.status, response.text).to.equal(201);
  return response.body;
}

/** Submits a review. */
export async function validate(body: unknown, options?: AppOptions): Promise<Response> {
  return post('/api/hitl/invoice/validate', body, options);
}

/** Submits a review that must be accepted. */
export async function accepted(body: unknown, options?: AppOptions): Promise<Json> {
  const response = await validate(body, options);
  expect(response.status, response.text).to.equal(200);
  return response.body;
}

/** What a reviewer sees of an invoice. */
export async function view(id: string): Promise<Json> {
  const response = await get(`/api/hitl/invoice/${id}`);
  expect(response.status, response.text).to.equal(200);
  return response.body;
}

/** All that is stored of an invoice. */
export async function stored(id: string): Promise<Json> {
  const response = await get(`/api/v1/invoices/${id}`);
  expect(response.status, response.text).to.equal(200);
  return response.body;
}

/** The history of an invoice. */
export async function history(id: string): Promise<Json[]> {
  const response = await get(`/api/hitl/invoice/${id}/history`);
  expect(response.status, response.text).to.equal(200);
  return response.body;
}

/** One entry of `field_validations` that corrects a field. */
export function correct(field_name: string, corrected_value: unknown, rest: object = {}): object {
  return { field_name, value: null, confidence: 0.8, validated: true, corrected_value, ...rest };
}

/** One entry of `field_validations` that confirms a field. */
export function confirm(field_name: string): object {
  return { field_name, value: null, confidence: 0.8, validated: true };
}

/** Every row of every table of the running test's database. */
async function dump(): Promise<Record<string, unknown[]>> {
  const { db } = isolation.current();
  const rows: Record<string, unknown[]> = {};
  for (const table of ['invoices', 'line_items', 'review_history', 'audit_log', 'audit_head', 'idempotency_keys']) {
    rows[table] = await db(table).orderByRaw('1, 2');
  }
  return rows;
}

/** Runs something and fails if it changed a single row. */
export async function writesNothing<T>(action: () => Promise<T>): Promise<T> {
  const before = await dump();
  const result = await action();
  expect(await dump()).to.deep.equal(before);
  return result;
}
