import { expect } from 'chai';
import type { Knex } from 'knex';
import { dialectOf } from '../../src/db/dialect.ts';
import { get, type Json } from './api.ts';

/** What GET /api/v1/audit/verify answers; fails unless that is a 200. */
export async function verified(query = ''): Promise<Json> {
  const response = await get(`/api/v1/audit/verify${query}`);
  expect(response.status, response.text).to.equal(200);
  return response.body;
}

/** Every entry of the audit log, page by page. */
export async function auditEntries(): Promise<Json[]> {
  const entries: Json[] = [];
  for (let after: number | null = 0; after !== null; ) {
    const { body }: Json = await get(`/api/v1/audit?after=${after}&limit=200`);
    entries.push(...body.entries);
    after = body.next_after;
  }
  return entries;
}

/** The changes of an entry by their field, each as old and new. */
export function byField(entry: Json): Record<string, unknown> {
  return Object.fromEntries(entry.changes.map((change: Json) => [change.field, [change.old, change.new]]));
}

/** Takes away what protects the log, as somebody could who owns the database. */
export async function dropProtection(db: Knex): Promise<void> {
  const names = {
    sqlite: ['audit_log_no_update', 'audit_log_no_delete'],
    mysql: ['audit_log_no_update', 'audit_log_no_delete'],
    postgres: ['audit_log_no_change ON audit_log', 'audit_log_no_truncate ON audit_log'],
  }[dialectOf(db)];
  for (const name of names) {
    await db.raw(`DROP TRIGGER ${name}`);
  }
}
