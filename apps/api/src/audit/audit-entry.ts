import { createHash } from 'node:crypto';
import { canonicalJson } from '../json/canonical-json.ts';

/** One value that a write changed, as it is on the wire; null where there is none. */
export interface Change {
  /** Its name; the keys that lead to it are joined with `/`: `line_items/3/amount`. */
  readonly field: string;
  readonly old: unknown;
  readonly new: unknown;
}

/** One entry of the audit log, as it is stored. */
export interface AuditEntry {
  /** Counts from 1 without a gap. */
  readonly position: number;
  /** When it was written, in UTC with milliseconds, by the clock of the process that wrote. */
  readonly at: string;
  /** Who wrote, by their credential; null without one. */
  readonly actor: string | null;
  readonly request_id: string | null;
  /** What was done: `invoice.reviewed`. */
  readonly action: string;
  readonly invoice_id: string | null;
  /** The version of the invoice that the write produced. */
  readonly review_version: number | null;
  /** JSON text: a list of `Change`. */
  readonly changes: string;
  /** The hash of the entry before; of the first one 64 zeros. */
  readonly previous_hash: string;
  readonly hash: string;
}

/** Where the log ends. */
export interface AuditHead {
  /** 0 for a log without entries. */
  readonly position: number;
  readonly hash: string;
}

/** The hash that the first entry follows. */
export const NO_HASH = '0'.repeat(64);

/** The names of an entry's columns. */
export const ENTRY_COLUMNS = [
  ...(['position', 'at', 'actor', 'request_id', 'action', 'invoice_id', 'review_version', 'changes'] as const),
  ...(['previous_hash', 'hash'] as const),
];

/**
 * The hash of an entry: SHA-256, in hex, of its other columns as canonical JSON (RFC 8785). The changes go in as the
 * text they are stored as, so that no number loses a digit.
 */
export function entryHash(entry: Omit<AuditEntry, 'hash'>): string {
  return createHash('sha256').update(canonicalJson(entry)).digest('hex');
}
