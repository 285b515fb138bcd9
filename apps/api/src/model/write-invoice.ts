import type { Knex } from 'knex';
import { appendAudit } from '../audit/append-audit.ts';
import { StaleWriteError } from '../errors.ts';
import { refuseUnapproved } from './approval.ts';
import { type ExpectedVersion, versionToExpect } from './expected-version.ts';
import { LINE_FIELD_NAMES } from './fields.ts';
import { appendHistory, type HistoryEntry, historyAfter } from './history-store.ts';
import type { Invoice, LineItem } from './invoice.ts';
import { invoiceChanges } from './invoice-changes.ts';
import { getInvoice, type InvoicePatch, saveLines, updateInvoice } from './invoice-store.ts';
import type { WriteContext } from './write-context.ts';

/** One write of an invoice that is there. */
export interface InvoiceWrite {
  /** As it was read in the same transaction. */
  readonly before: Invoice;
  /** What the writer saw. */
  readonly expectedVersion: ExpectedVersion;
  readonly patch: InvoicePatch;
  /** All lines after the write; asked for once the version is known to be current. */
  readonly lines: () => readonly LineItem[];
  /** What the history keeps besides the version and the names that changed. */
  readonly entry: Omit<HistoryEntry, 'review_version' | 'changed_fields'>;
  /** Names whose value the patch changes. */
  readonly changed: readonly string[];
  readonly context: WriteContext;
  /** What the audit log calls it. */
  readonly action: string;
}

/**
 * The only way in which an invoice is changed: guarded by its version, which it moves on by one, with one entry in the
 * history and one in the audit log. Answers the invoice as it is then. Nothing but the reply kept for an
 * `Idempotency-Key` is written after it, as the end of the audit log is locked from then on.
 *
 * @throws ForbiddenError when only an approver may write this; StaleWriteError when the invoice is not at the expected
 * version any more; whatever `lines` throws.
 */
export async function writeInvoice(trx: Knex.Transaction, write: InvoiceWrite): Promise<Invoice> {
  const { before, patch } = write;
  refuseUnapproved(write.context, before, patch);
  await moveToNextVersion(trx, write);
  const line_items = write.lines();
  await saveLines(trx, before.id, before.line_items, line_items);
  const after: Invoice = { ...before, ...patch, review_version: before.review_version + 1, line_items };

  const changed = linesDiffer(before.line_items, line_items) ? [...write.changed, 'line_items'] : write.changed;
  const { review_version } = after;
  await appendHistory(trx, before.id, { ...write.entry, review_version, changed_fields: sortedUnique(changed) });
  const { action, context } = write;
  const changes = invoiceChanges(before, after);
  await appendAudit(trx, context, { action, invoiceId: before.id, reviewVersion: review_version, changes });
  return after;
}

/** The later of two times; a write is never older than the one before it. */
export function laterOf(a: string, b: string): string {
  return a > b ? a : b; // ISO times in UTC with milliseconds compare as text
}

/** The patch was made from the version that was read, so it may only be written over that one. */
async function moveToNextVersion(trx: Knex.Transaction, { before, expectedVersion, patch }: InvoiceWrite) {
  const expected = versionToExpect(expectedVersion, before.review_version);
  if (expected !== before.review_version || !(await updateInvoice(trx, before, patch))) {
    throw await staleWrite(trx, before.id, expected);
  }
}

async function staleWrite(trx: Knex.Transaction, id: string, expected: number): Promise<StaleWriteError> {
  const current = await getInvoice(trx, id);
  const { review_version } = current;
  // The latest entry always; and the version sent may be beyond what a database can compare with.
  const entries = await historyAfter(trx, id, Math.max(0, Math.min(expected, review_version - 1)));
  // On a server yet another write may have come in since the invoice was read.
  const since = entries.filter((entry) => entry.review_version > expected && entry.review_version <= review_version);
  return new StaleWriteError({
    invoiceId: id,
    currentVersion: review_version,
    changedFields: sortedUnique(since.flatMap((entry) => entry.changed_fields)),
    // Of whatever kind the latest write was; the invoice itself names who reviewed it last.
    updatedBy: entries.find((entry) => entry.review_version === review_version)?.reviewer ?? null,
    updatedAt: current.updated_at,
  });
}

/** Whether two lists of lines differ in a number or a value; confidence and confirmation do not count. */
function linesDiffer(before: readonly LineItem[], after: readonly LineItem[]): boolean {
  return JSON.stringify(before.map(valuesOf)) !== JSON.stringify(after.map(valuesOf));
}

function valuesOf(line: LineItem): unknown[] {
  return [line.line_number, ...LINE_FIELD_NAMES.map((name) => line[name])];
}

/** Each name once, ordered by code unit. */
function sortedUnique(names: readonly string[]): string[] {
  return [...new Set(names)].sort();
}
