import type { Knex } from 'knex';
import { writeJson } from '../json/json.ts';
import type { WriteContext } from '../model/write-context.ts';
import { type AuditHead, type Change, entryHash } from './audit-entry.ts';

/** What is to be remembered of a write. */
export interface AuditedWrite {
  /** What was done: the kind of thing and a verb, `invoice.reviewed`, at most 50 characters. */
  readonly action: string;
  /** Null for a write that is about no invoice. */
  readonly invoiceId: string | null;
  /** The version that the write produced; null without an invoice. */
  readonly reviewVersion: number | null;
  readonly changes: readonly Change[];
}

/** The log has lost the row that says where it ends: somebody changed it by hand. */
class AuditHeadMissingError extends Error {
  override name = 'AuditHeadMissingError';
}

/**
 * Adds an entry to the audit log, in the transaction of the write itself, so that there is neither without the other.
 * It takes the lock of the log's end, which others wait for until COMMIT: so it comes after all other statements. That
 * also makes the order of locks the same for every write, and no two of them wait for each other here.
 */
export async function appendAudit(trx: Knex.Transaction, context: WriteContext, write: AuditedWrite): Promise<void> {
  const changes = writeJson(write.changes); // before the lock, as it may take a while
  const head = await lockHead(trx);
  const entry = {
    position: head.position + 1,
    at: context.now,
    actor: context.actor,
    request_id: context.requestId,
    action: write.action,
    invoice_id: write.invoiceId,
    review_version: write.reviewVersion,
    changes,
    previous_hash: head.hash,
  };
  const hash = entryHash(entry);
  await trx('audit_log').insert({ ...entry, hash });
  await trx('audit_head').where({ id: 1 }).update({ position: entry.position, hash });
}

/** On SQLite the transaction holds the lock of the whole file, and Knex adds nothing to the statement. */
async function lockHead(trx: Knex.Transaction): Promise<AuditHead> {
  const row = await trx('audit_head').where({ id: 1 }).forUpdate().first('position', 'hash');
  if (row === undefined) {
    throw new AuditHeadMissingError('The audit log has no end: its row in audit_head is missing');
  }
  // PostgreSQL's driver gives a bigint as text.
  return { position: Number(row.position), hash: row.hash };
}
