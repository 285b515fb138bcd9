import type { Findings } from '../findings.ts';
import { READ_LENGTH, rowChange, type Texts } from '../row-changes.ts';
import type { Row } from '../server/dialect.ts';
import { type Chunk, inBatches, rowsOf } from './chunks.ts';
import type { Column, ComparedTable } from './compared-tables.ts';
import type { Pair, Side } from './pair.ts';
import { quote } from './quote.ts';

/** Where a row lies. */
interface Place {
  readonly part: string;
  /** Its `ctid`. */
  readonly at: string;
}

/** A row that is in both databases and not the same, or only in one. */
type Difference = { readonly [side in Side]?: Place };

/** A number for all values of a row, equal for equal texts. */
export function rowHash(columns: readonly string[]): string {
  return `hashtextextended(row(${columns.map(quote).join(', ')})::text, 0)`;
}

/** Compares all rows of some chunks of a table, by its key. */
export async function compareRows(
  pair: Pair,
  table: ComparedTable,
  chunks: readonly Chunk[],
  findings: Findings,
): Promise<void> {
  const differences = await differencesOf(pair, table, chunks);
  const count = (matches: (difference: Difference) => boolean) => differences.filter(matches).length;
  findings.count(table.name, {
    inserted: count(({ before }) => !before),
    updated: count(({ before, after }) => before !== undefined && after !== undefined),
    deleted: count(({ after }) => !after),
  });
  const shown = differences.slice(0, Math.max(0, findings.wanted(table.name)));
  const [before, after] = await pair.rows((side) => textsSql(table, shown, side));
  for (const difference of shown) {
    const [old, now] = [textsOf(table, before, difference.before), textsOf(table, after, difference.after)];
    if (old || now)
      findings.show(
        table.name,
        rowChange(table.key, old, now, (name) => old?.[name] !== now?.[name]),
      );
  }
}

/** Rows are matched by their key, and where there is none by all of their values. */
async function differencesOf(
  pair: Pair,
  table: ComparedTable,
  chunks: readonly Chunk[],
): Promise<readonly Difference[]> {
  const old = new Map<string, { readonly hash: string; readonly place: Place }[]>();
  const found: { readonly key: string; readonly hash: string; readonly place: Place }[] = [];
  for (const batch of inBatches(chunks)) {
    const [before, after] = await pair.rows((side) => hashesSql(table, batch, side));
    for (const row of before) {
      const { key, ...rest } = hashed(batch, row);
      const same = old.get(key);
      if (same) same.push(rest);
      else old.set(key, [rest]);
    }
    for (const row of after) found.push(hashed(batch, row));
  }
  const differences: Difference[] = [];
  for (const { key, hash, place } of found) {
    const match = old.get(key)?.pop();
    if (!match) differences.push({ after: place });
    else if (match.hash !== hash) differences.push({ before: match.place, after: place });
  }
  for (const rows of old.values()) differences.push(...rows.map(({ place }) => ({ before: place })));
  return differences;
}

function hashed(batch: readonly Chunk[], row: Row) {
  const { chunk, key, hash, at } = row;
  const part = batch[Number(chunk)]?.part.sql ?? '';
  return { key: String(key), hash: String(hash), place: { part, at: String(at) } };
}

function hashesSql(table: ComparedTable, batch: readonly Chunk[], side: Side): string | undefined {
  const columns = table.columns.map(({ name }) => name);
  const key = table.key.length > 0 ? rowHash(table.key) : rowHash(columns);
  return unionOf(
    batch.map((chunk, i) => {
      if (!chunk.part[side]) return undefined;
      return `select ${i} as chunk, ${key}::text as key, ${rowHash(columns)}::text as hash, ctid::text as at from ${rowsOf(chunk)}`;
    }),
  );
}

function textsSql({ columns }: ComparedTable, differences: readonly Difference[], side: Side): string | undefined {
  const values = columns.map((column, i) => `${text(column)} as c${i}`).join(', ');
  const places = differences.map((difference) => difference[side]).filter((place) => place !== undefined);
  return unionOf(
    places.map(({ part, at }) => {
      const where = `from only ${part} where ctid = '${at}'`;
      return `select '${part.replaceAll("'", "''")}'::text as part, ctid::text as at${values ? `, ${values}` : ''} ${where}`;
    }),
  );
}

function textsOf({ columns }: ComparedTable, rows: readonly Row[], place: Place | undefined): Texts | undefined {
  const row = rows.find(({ part, at }) => part === place?.part && at === place?.at);
  return row && Object.fromEntries(columns.map(({ name }, i) => [name, row[`c${i}`] as string | null]));
}

/** A value as people read it. Long ones end with their hash, so that any difference shows. */
function text({ name, type }: Column): string {
  const column = quote(name);
  const bytes = READ_LENGTH / 2;
  return type === 'bytea'
    ? `'x''' || encode(substr(${column}, 1, ${bytes}), 'hex') || '''' ||
        case when length(${column}) > ${bytes} then md5(${column}) else '' end`
    : `case when length(${column}::text) > ${READ_LENGTH} then left(${column}::text, ${READ_LENGTH}) || md5(${column}::text)
        else ${column}::text end`;
}

function unionOf(selects: readonly (string | undefined)[]): string | undefined {
  const some = selects.filter((sql) => sql !== undefined);
  return some.length > 0 ? some.join(' union all ') : undefined;
}
