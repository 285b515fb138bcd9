import { Router } from 'express';
import type { Knex } from 'knex';
import { parse } from '../http/problems.ts';
import { sendJson } from '../http/reply.ts';
import { addRoute, pathId } from '../http/routes.ts';
import { readJson } from '../json/json.ts';
import { getInvoice } from '../model/invoice-store.ts';
import type { AuditEntry } from './audit-entry.ts';
import { auditPage, headOfQuery, knownHead } from './audit-request.ts';
import { listEntries } from './audit-store.ts';
import { verifyAudit } from './verify-audit.ts';

/** `/api/v1/audit`: what was written by whom, and whether the log of it is whole; and the events of one invoice. */
export function auditRouter({ db }: { readonly db: Knex }): Router {
  const router = Router({ caseSensitive: true, strict: true });

  addRoute(router, '/audit', {
    get: {
      needs: 'audit',
      handle: async (request, response) => {
        const page = parse('query', auditPage, request.query);
        const entries = await listEntries(db, page);
        sendJson(response, 200, { entries: entries.map(shown), next_after: lastOf(entries, page.limit) });
      },
    },
  });

  addRoute(router, '/audit/verify', {
    get: {
      needs: 'audit',
      handle: async (request, response) => {
        const known = headOfQuery(parse('query', knownHead, request.query));
        sendJson(response, 200, await verifyAudit(db, known));
      },
    },
  });

  addRoute(router, '/invoices/:id/events', {
    get: {
      needs: 'read',
      handle: async (request, response) => {
        const page = parse('query', auditPage, request.query);
        const { id } = await getInvoice(db, pathId(request));
        const entries = await listEntries(db, page, { invoice_id: id });
        sendJson(response, 200, { events: entries.map(shownEvent), next_after: lastOf(entries, page.limit) });
      },
    },
  });

  return router;
}

/** An entry with its changes as JSON; their numbers keep their digits. */
function shown(entry: AuditEntry): object {
  return { ...entry, changes: readJson(entry.changes) };
}

function shownEvent({ position, at, actor, action, request_id, review_version, changes }: AuditEntry): object {
  return { position, at, actor, action, request_id, review_version, changes: readJson(changes) };
}

/** Where the next page begins; null when there is none. */
function lastOf(entries: readonly AuditEntry[], limit: number): number | null {
  return entries.length < limit ? null : (entries.at(-1)?.position ?? null);
}
