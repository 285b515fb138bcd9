import type { Findings } from '../findings.ts';
import { rowChange } from '../row-changes.ts';
import type { ComparedTable } from './compared-tables.ts';
import type { Timed } from './timed.ts';
import { rowHash, textOf } from './values.ts';

/** Rows that are compared one by one in a table of which no part can be told from the others. */
const MOST_ROWS = 50_000;

/** Compares the rows of a table without a key by all of their values: none of them is an updated one. */
export async function compareKeyless(timed: Timed, table: ComparedTable, findings: Findings): Promise<void> {
  const outcome = await timed.attempt(table.name, () => compare(timed, table, findings));
  if (outcome === 'late') findings.stoppedAt(table.name, 'before');
}

async function compare(
  timed: Timed,
  { name, before, after, columns }: ComparedTable,
  findings: Findings,
): Promise<void> {
  const [[old] = [], [now] = []] = await timed.queries(
    [before, after].map((table) => `select count(*) as row_count from ${table}`),
  );
  const [countBefore, countAfter] = [Number(old?.['row_count']), Number(now?.['row_count'])];
  if (countBefore > MOST_ROWS || countAfter > MOST_ROWS) {
    findings.count(name, {
      inserted: Math.max(0, countAfter - countBefore),
      updated: 0,
      deleted: Math.max(0, countBefore - countAfter),
    });
    findings.leaveOut(`the rows of table ${name} were only counted: nothing tells them apart, and they are too many`);
    return;
  }
  const texts = columns.map((column, i) => `${textOf(column, 't')} as c${i}`).join(', ');
  const rows = (table: string, sign: number) =>
    `select ${rowHash(columns)} as hash, ${sign} as sign, ${texts} from ${table} t`;
  const union = `(${rows(after, 1)} union all ${rows(before, -1)}) both_tables`;
  const [different = []] = await timed.queries([
    `select sum(sign) as more, ${columns.map((_, i) => `min(c${i}) as c${i}`).join(', ')} from ${union}
     group by hash having more <> 0 order by more desc, hash`,
  ]);
  const more = different.map((row) => Number(row['more']));
  findings.count(name, {
    inserted: more.reduce((sum, count) => sum + Math.max(0, count), 0),
    updated: 0,
    deleted: more.reduce((sum, count) => sum + Math.max(0, -count), 0),
  });
  for (const [i, row] of different.entries()) {
    const value = (place: number) => (row[`c${place}`] === null ? null : String(row[`c${place}`]));
    const values = Object.fromEntries(columns.map((column, place) => [column.name, value(place)]));
    const [was, is] = (more[i] ?? 0) < 0 ? [values, undefined] : [undefined, values];
    for (let copy = 0; copy < Math.abs(more[i] ?? 0) && findings.wanted(name) > 0; copy += 1) {
      findings.show(
        name,
        rowChange([], was, is, () => true),
      );
    }
  }
}
