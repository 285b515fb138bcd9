import type { RowChange } from './changes.ts';

/** How long a value is shown at most, in characters. */
const LENGTH = 100;

/** How much of a long text stands before the place where another one differs from it. */
const LEAD = 30;

/** How much of a value comparisons read, in characters: enough to show where most long texts differ. */
export const READ_LENGTH = 2_000;

/** The texts of one row by column; null is SQL's. */
export type Texts = Readonly<Record<string, string | null>>;

/**
 * Describes a row that is only in one database, or that differs.
 *
 * @param key the columns that tell rows apart.
 * @param changed the columns in which a row that is in both differs.
 */
export function rowChange(
  key: readonly string[],
  before: Texts | undefined,
  after: Texts | undefined,
  changed: (column: string) => boolean,
): RowChange {
  // A table may have a column named __proto__.
  const shown = <T>(entries: (readonly [string, T])[]): Record<string, T> => Object.fromEntries(entries);
  const row = after ?? before ?? {};
  const keyTexts = shown(key.map((column) => [column, cut(before?.[column] ?? row[column] ?? null) ?? 'null']));
  if (before && after) {
    const columns = Object.keys(after).filter((column) => changed(column));
    const texts = columns.map((column) => [column, bothCut(before[column] ?? null, after[column] ?? null)] as const);
    return { change: 'updated', key: keyTexts, columns: shown(texts) };
  }
  const all = (side: 'before' | 'after') =>
    shown(Object.entries(row).map(([column, text]) => [column, { [side]: cut(text) }]));
  return after
    ? { change: 'inserted', key: keyTexts, columns: all('after') }
    : { change: 'deleted', key: keyTexts, columns: all('before') };
}

/** Two texts that differ, cut so that it shows where if they are long. */
function bothCut(before: string | null, after: string | null): { before: string | null; after: string | null } {
  if (before === null || after === null) return { before: cut(before), after: cut(after) };
  let same = 0;
  while (same < before.length && before[same] === after[same]) same += 1;
  const start = same < LENGTH - LEAD || same === before.length || same === after.length ? 0 : same - LEAD;
  return { before: cut(before, start), after: cut(after, start) };
}

function cut(text: string | null, start = 0): string | null {
  if (text === null || (start === 0 && text.length <= LENGTH)) return text;
  const lead = start > 0 ? '…' : '';
  const room = LENGTH - lead.length;
  const rest = text.slice(start);
  // Half of a character that takes two places is none.
  const whole = (part: string) => part.replace(/^[\udc00-\udfff]|[\ud800-\udbff]$/g, '');
  return rest.length <= room ? `${lead}${whole(rest)}` : `${lead}${whole(rest.slice(0, room - 1))}…`;
}
