import type { Knex } from 'knex';
import { z } from 'zod';
import { replied } from '../http/reply-values.ts';

/** One accepted review, as it is kept forever. */
export interface HistoryEntry {
  readonly status: string;
  readonly reviewer: string | null;
  readonly notes: string | null;
  readonly timestamp: string;
  /** The version that this review produced. */
  readonly review_version: number;
  /** Sorted names whose value this review changed or cleared. */
  readonly changed_fields: readonly string[];
  readonly field_notes: readonly { readonly field_name: string; readonly notes: string }[];
  readonly line_notes: readonly { readonly line_number: number; readonly notes: string }[];
}

/** What an entry looks like in replies. */
export const historySchema: z.ZodType<HistoryEntry> = z
  .strictObject({
    status: z.string(),
    reviewer: z.string().nullable(),
    notes: z.string().nullable(),
    timestamp: replied.time,
    review_version: z.int().min(1),
    changed_fields: z.array(z.string()),
    field_notes: z.array(z.strictObject({ field_name: z.string(), notes: z.string() })),
    line_notes: z.array(z.strictObject({ line_number: z.int(), notes: z.string() })),
  })
  .meta({ id: 'HistoryEntry' });

const LISTS = ['changed_fields', 'field_notes', 'line_notes'] as const;

/** Adds an entry to an invoice's history. */
export async function appendHistory(trx: Knex.Transaction, invoiceId: string, entry: HistoryEntry): Promise<void> {
  const lists = Object.fromEntries(LISTS.map((name) => [name, JSON.stringify(entry[name])]));
  await trx('review_history').insert({ invoice_id: invoiceId, ...entry, ...lists });
}

/** An invoice's history, oldest first, from the entry after a version on. */
export async function historyAfter(db: Knex, invoiceId: string, version: number): Promise<HistoryEntry[]> {
  const rows = await db('review_history')
    .where({ invoice_id: invoiceId })
    .where('review_version', '>', version)
    .orderBy('review_version')
    .select('status', 'reviewer', 'notes', 'timestamp', 'review_version', ...LISTS);
  return rows.map((row) => ({ ...row, ...Object.fromEntries(LISTS.map((name) => [name, JSON.parse(row[name])])) }));
}
