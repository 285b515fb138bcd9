import { setImmediate as letOthersRun } from 'node:timers/promises';
import type { Knex } from 'knex';
import { readOneState } from '../db/one-state.ts';
import { type AuditEntry, type AuditHead, entryHash, NO_HASH } from './audit-entry.ts';
import { entryOf, headOf } from './audit-store.ts';

/** The first entry that is not as it was written, and how that shows. */
interface BadEntry {
  readonly position: number;
  readonly reason: string;
}

/** What a check of the audit log found. */
export interface AuditReport {
  readonly valid: boolean;
  /** How many entries are as they were written, from the first one on. */
  readonly entries: number;
  /** Where the log says that it ends; null when the row that says so is missing. Written down, it can be compared with. */
  readonly head: AuditHead | null;
  readonly first_bad: BadEntry | null;
}

const PAGE = 200;

/**
 * Checks every entry of the audit log against the one before it, page by page. Entries that are added meanwhile are left
 * to the next check. Who can write to the whole database could write the whole chain anew; a head that was written down
 * elsewhere before shows that too.
 */
export async function verifyAudit(db: Knex, known: AuditHead | null = null): Promise<AuditReport> {
  const { head, beyond } = await readOneState(db, endOf);
  let sound: AuditHead = { position: 0, hash: NO_HASH };
  const report = (first_bad: BadEntry | null): AuditReport => ({
    valid: first_bad === null,
    entries: sound.position,
    head,
    first_bad,
  });

  const last = head?.position ?? Number.POSITIVE_INFINITY;
  for await (const entry of entries(db)) {
    if (sound.position >= last) {
      break;
    }
    const reason = wrongWith(entry, sound, known);
    if (reason !== undefined) {
      return report({ position: sound.position + 1, reason });
    }
    sound = entry;
  }
  return report(wrongAtEnd(sound, head, beyond, known));
}

/** What is wrong with the entry that comes after a sound one. */
function wrongWith(entry: AuditEntry, sound: AuditHead, known: AuditHead | null): string | undefined {
  const position = sound.position + 1;
  if (entry.position !== position) {
    return entry.position > position ? 'is missing' : 'was inserted, or had its position changed';
  }
  if (entry.previous_hash !== sound.hash) {
    return 'does not follow from the entry before it: one of them was changed, or others were between them';
  }
  if (!hashesTo(entry)) {
    return 'was changed';
  }
  return known?.position === position && known.hash !== entry.hash
    ? 'has another hash than the one written down for it'
    : undefined;
}

/** What is wrong although every entry follows from the one before it. */
function wrongAtEnd(
  sound: AuditHead,
  head: AuditHead | null,
  beyond: number | undefined,
  known: AuditHead | null,
): BadEntry | null {
  const next = sound.position + 1;
  if (head === null) {
    return { position: next, reason: 'is unknown: the row that says where the log ends is missing' };
  }
  if (sound.position !== head.position) {
    return { position: next, reason: 'is missing' };
  }
  if (sound.hash !== head.hash) {
    return { position: sound.position, reason: 'is not the one that the log ends with: it or the end was changed' };
  }
  if (beyond !== undefined) {
    return { position: next, reason: 'was inserted after the end of the log' };
  }
  return known !== null && known.position > sound.position ? { position: next, reason: 'is missing' } : null;
}

/** Where the log ends, and the position of an entry beyond, which no writer made. */
async function endOf(trx: Knex) {
  const head = await headOf(trx);
  const row = await trx('audit_log')
    .where('position', '>', head?.position ?? 0)
    .first('position');
  return { head: head ?? null, beyond: row === undefined ? undefined : Number(row.position) };
}

/** All entries in order, a page of them at a time; the lowest comes first, whatever its position is. */
async function* entries(db: Knex): AsyncGenerator<AuditEntry> {
  let after: unknown;
  for (;;) {
    const page = db('audit_log').orderBy('position').limit(PAGE).select();
    const rows = await (after === undefined ? page : page.where('position', '>', after as number));
    yield* rows.map(entryOf);
    if (rows.length < PAGE) {
      return;
    }
    after = rows.at(-1).position;
    await letOthersRun(); // SQLite answers at once, and would keep every other request waiting
  }
}

/** Somebody may have put in values that no entry has, such as a number that is none in JSON. */
function hashesTo({ hash, ...entry }: AuditEntry): boolean {
  try {
    return entryHash(entry) === hash;
  } catch {
    return false;
  }
}
