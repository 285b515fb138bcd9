import type { Knex } from 'knex';
import { type AuditEntry, type AuditHead, ENTRY_COLUMNS } from './audit-entry.ts';

/** Which entries of the log are asked for. */
export interface AuditPage {
  /** Only entries behind this position. */
  readonly after: number;
  /** At most so many. */
  readonly limit: number;
}

/** Where the log ends; undefined when nothing says so. */
export async function headOf(db: Knex): Promise<AuditHead | undefined> {
  const row = await db('audit_head').where({ id: 1 }).first('position', 'hash');
  return row === undefined ? undefined : { position: Number(row.position), hash: row.hash };
}

/** Entries of the whole log, or of one invoice, oldest first. */
export async function listEntries(
  db: Knex,
  { after, limit }: AuditPage,
  of: { readonly invoice_id?: string } = {},
): Promise<AuditEntry[]> {
  const rows = await db('audit_log').where(of).where('position', '>', after).orderBy('position').limit(limit).select();
  return rows.map(entryOf);
}

/** The entry that a row holds. PostgreSQL's driver gives a bigint as text. */
export function entryOf(row: Record<string, unknown>): AuditEntry {
  const entry = Object.fromEntries(ENTRY_COLUMNS.map((name) => [name, row[name]]));
  return { ...entry, position: Number(row['position']) } as AuditEntry;
}
