import { expect } from 'chai';
import type { Response, Test } from 'supertest';
import { api, type Json } from './api.ts';

/** A path of an invoice under /api/v1. */
export function resource(id: string, rest = ''): string {
  return `/api/v1/invoices/${id}${rest}`;
}

/** A write of the version that a tag names; without one no If-Match is sent. */
export function at(tag: string | number | null, request: Test): Test {
  return tag === null ? request : request.set('If-Match', typeof tag === 'number' ? `"${tag}"` : tag);
}

/** Sends a merge patch to a path. */
export async function patch(path: string, tag: string | number | null, body: unknown): Promise<Response> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return at(tag, api().patch(path).set('Content-Type', 'application/merge-patch+json')).send(text);
}

/** Sends a merge patch that must be taken, and returns what the resource is then. */
export async function patched(path: string, tag: string | number, body: unknown): Promise<Json> {
  const response = await patch(path, tag, body);
  expect(response.status, response.text).to.equal(200);
  return response.body;
}

/** The status, and code and pointer of each problem, of a refusal. */
export function refusalOf({ status, body }: Response): unknown[] {
  return [status, ...(body.errors ?? []).map((error: Json) => `${error.code} ${error.pointer}`)];
}
