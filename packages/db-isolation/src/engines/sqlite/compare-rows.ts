import type BetterSqlite3 from 'better-sqlite3';
import { elapsed, nextTurn } from '../../real-time.ts';
import type { Findings } from '../findings.ts';
import { READ_LENGTH, rowChange } from '../row-changes.ts';
import { type ComparedTable, identifier, type KeyColumn } from './compared-tables.ts';

/** Rows that are compared at once: at first, and at most. */
const FIRST_STEP = 1_000;
const LONGEST_STEP = 50_000;

/** How long comparing one range should take, in milliseconds. */
const RANGE_MS = 25;

/** The key of the last row of a range. */
type Bound = readonly unknown[];

/** Rows whose key is below `after` and not below `to`; without these, from the greatest and to the least. */
interface Range {
  readonly after: Bound | undefined;
  readonly to: Bound | undefined;
}

/**
 * Compares the rows of one table, range by range of its key, until the time is up: downwards, since most new rows have the
 * greatest keys.
 */
export async function compareRows(db: BetterSqlite3.Database, table: ComparedTable, findings: Findings): Promise<void> {
  let step = FIRST_STEP;
  let after: Bound | undefined;
  do {
    if (findings.isLate) return findings.stoppedAt(table.name, after ? 'within' : 'before');
    const start = elapsed();
    const to = lastOf(db, table, after, step);
    compareRange(db, table, { after, to }, findings);
    const time = elapsed() - start;
    if (time < RANGE_MS) step = Math.min(step * 2, LONGEST_STEP);
    else if (time > 2 * RANGE_MS) step = Math.max(Math.floor(step / 2), 1);
    after = to;
    if (after) await nextTurn();
  } while (after);
}

/** The end of a range that has at most so many rows in each of the two tables; undefined when there are no more. */
function lastOf(
  db: BetterSqlite3.Database,
  { sql, key }: ComparedTable,
  after: Bound | undefined,
  step: number,
): Bound | undefined {
  const names = key.map((column) => column.sql).join(', ');
  const order = key.map((column) => `${collated(column)} desc`).join(', ');
  const condition = where(key, '', { after, to: undefined });
  const side = (schema: string) =>
    `select * from (select ${names} from ${schema}.${sql} ${condition} order by ${order} limit 1 offset ${step - 1})`;
  // The one with more rows in the range decides.
  const statement = db.prepare<unknown[], unknown[]>(
    `select * from (${side('main')} union all ${side('original')}) order by ${key
      .map((column, i) => `${i + 1}${collation(column)} desc`)
      .join(', ')} limit 1`,
  );
  const values = after ?? [];
  return statement.raw().get(...values, ...values);
}

function compareRange(db: BetterSqlite3.Database, table: ComparedTable, range: Range, findings: Findings): void {
  const { sql, key } = table;
  const bounds = [...(range.after ?? []), ...(range.to ?? [])];
  const changed = table.columns.map(isChanged).join(' or ') || '0';
  const join = `main.${sql} a left join original.${sql} b on ${matches(key)}`;
  const isNew = `b.${key[0]?.sql} is null`; // no key is null
  const [rows = 0, inserted = 0, updated = 0] = (
    db
      .prepare<unknown[], unknown[]>(
        `select count(*), total(${isNew}), total(not (${isNew}) and (${changed})) from ${join} ${where(key, 'a', range)}`,
      )
      .raw()
      .get(...bounds) ?? []
  ).map(Number);
  const before = Number(
    db
      .prepare<unknown[], unknown>(`select count(*) from original.${sql} b ${where(key, 'b', range)}`)
      .pluck()
      .get(...bounds),
  );
  const deleted = before - (rows - inserted);
  findings.count(table.name, { inserted, updated, deleted });
  if (inserted + updated > 0) {
    show(
      db,
      table,
      `${join} ${where(key, 'a', range, `(${isNew} or ${changed})`)} ${downwards(key, 'a')}`,
      bounds,
      findings,
    );
  }
  if (deleted > 0) {
    const gone = `not exists (select 1 from main.${sql} a where ${matches(key)})`;
    const joined = `original.${sql} b left join main.${sql} a on 0 ${where(key, 'b', range, gone)}`;
    show(db, table, `${joined} ${downwards(key, 'b')}`, bounds, findings);
  }
}

/** Shows rows of a join of both tables, `a` and `b`, as far as more are wanted. */
function show(db: BetterSqlite3.Database, table: ComparedTable, from: string, bounds: Bound, findings: Findings): void {
  const wanted = findings.wanted(table.name);
  if (wanted <= 0) return;
  const { key, columns } = table;
  const names = key.map(({ name }) => name);
  // The number of a row is no column of most tables.
  const shown = [...names.filter((name) => !columns.includes(name)), ...columns];
  const expressions = [
    ...key.map(({ sql }) => `a.${sql} is not null, b.${sql} is not null`).slice(0, 1),
    ...shown.flatMap((name) => {
      const sql = columns.includes(name) ? identifier(name) : name;
      return [
        text(`a.${sql}`),
        text(`b.${sql}`),
        `typeof(a.${sql})`,
        `typeof(b.${sql})`,
        columns.includes(name) ? isChanged(name) : '0',
      ];
    }),
  ];
  const rows = db.prepare<unknown[], unknown[]>(`select ${expressions.join(', ')} from ${from} limit ${wanted}`).raw();
  for (const [isAfter, isBefore, ...values] of rows.all(...bounds)) {
    const cells = shown.map((name, i) => [name, values.slice(5 * i, 5 * i + 5)] as const);
    const changed = new Map(cells.map(([name, cell]) => [name, cell[4] === 1n]));
    const side = (offset: 0 | 1) =>
      Object.fromEntries(
        cells.map(([name, cell]) => {
          // 1 and '1' are different values with the same text.
          const onlyType = cell[4] === 1n && cell[0] === cell[1] && isAfter && isBefore;
          const value = cell[offset] as string | null;
          return [name, onlyType && value !== null ? `${value} (${cell[2 + offset]})` : value];
        }),
      );
    const [before, after] = [isBefore ? side(1) : undefined, isAfter ? side(0) : undefined];
    findings.show(
      table.name,
      withoutNumber(
        rowChange(names, before, after, (name) => changed.get(name) ?? false),
        columns,
      ),
    );
  }
}

/** The number of a row is its key, but none of its columns. */
function withoutNumber(row: ReturnType<typeof rowChange>, columns: readonly string[]): ReturnType<typeof rowChange> {
  return {
    ...row,
    columns: Object.fromEntries(Object.entries(row.columns).filter(([name]) => columns.includes(name))),
  };
}

/** Whatever collation the column has: a change of case is one, and so is 1 that becomes '1'. */
function isChanged(name: string): string {
  const sql = identifier(name);
  return `a.${sql} collate binary is not b.${sql} or typeof(a.${sql}) <> typeof(b.${sql})`;
}

/** The value of an expression as people read it; null stays null. */
function text(sql: string): string {
  return `case typeof(${sql}) when 'blob' then 'x''' || lower(hex(substr(${sql}, 1, ${READ_LENGTH}))) || ''''
    when 'real' then quote(${sql}) else substr(cast(${sql} as text), 1, ${READ_LENGTH}) end`;
}

function matches(key: readonly KeyColumn[]): string {
  return key.map((column) => `b.${column.sql} = a.${column.sql}${collation(column)}`).join(' and ');
}

function where(key: readonly KeyColumn[], alias: string, range: Range, more = ''): string {
  const names = key.map((column) => (alias ? `${alias}.${collated(column)}` : collated(column))).join(', ');
  const values = key.map(() => '?').join(', ');
  const conditions = [
    ...(range.after ? [`(${names}) < (${values})`] : []),
    ...(range.to ? [`(${names}) >= (${values})`] : []),
    ...(more ? [more] : []),
  ];
  return conditions.length > 0 ? `where ${conditions.join(' and ')}` : '';
}

/** The order in which ranges are gone through, so that the rows which are shown do not depend on where one ends. */
function downwards(key: readonly KeyColumn[], alias: string): string {
  return `order by ${key.map((column) => `${alias}.${collated(column)} desc`).join(', ')}`;
}

function collated(column: KeyColumn): string {
  return `${column.sql}${collation(column)}`;
}

function collation(column: KeyColumn): string {
  return column.collation === undefined ? '' : ` collate ${identifier(column.collation)}`;
}
