import { elapsed } from '../../real-time.ts';
import type { Findings } from '../findings.ts';
import { rowChange, type Texts } from '../row-changes.ts';
import type { Row } from '../server/dialect.ts';
import type { Column, ComparedTable } from './compared-tables.ts';
import type { Timed } from './timed.ts';
import { isChanged, sums, textOf } from './values.ts';

/** Rows that are compared at once: at first, and at most. */
const FIRST_STEP = 2_000;
const LONGEST_STEP = 20_000;

/** How long comparing one range should take, in milliseconds. */
const RANGE_MS = 50;

/** What a range begins after and ends with: variables of the session, which keep the type and collation of the key. */
interface Range {
  readonly isFirst: boolean;
  readonly isLast: boolean;
}

/**
 * Compares the rows of a table that has a key, range by range of it, until the time is up: downwards, since most new rows
 * have the greatest keys. Two sums tell whether a range
 * differs; only where it does, rows are looked up in the other table.
 */
export async function compareKeyed(timed: Timed, table: ComparedTable, findings: Findings): Promise<void> {
  let step = FIRST_STEP;
  for (let range: Range = { isFirst: true, isLast: false }; ; range = { isFirst: false, isLast: false }) {
    const start = elapsed();
    const outcome = await timed.attempt(table.name, async () => {
      range = { ...range, isLast: await findEnd(timed, table, range.isFirst, step) };
      await compareRange(timed, table, range, findings);
    });
    if (outcome === 'late') return findings.stoppedAt(table.name, range.isFirst ? 'before' : 'within');
    if (outcome === 'failed' || range.isLast) return;
    await timed.queries([`set ${table.key.map((_, i) => `@after${i} = @to${i}`).join(', ')}`]);
    const time = elapsed() - start;
    if (time < RANGE_MS) step = Math.min(step * 2, LONGEST_STEP);
    else if (time > 2 * RANGE_MS) step = Math.max(Math.floor(step / 2), 1);
  }
}

/** Sets the end of a range with at most so many rows in each of both tables. Answers whether there are no more. */
async function findEnd(timed: Timed, table: ComparedTable, isFirst: boolean, step: number): Promise<boolean> {
  const { key } = table;
  const names = key.map(({ sql }) => sql).join(', ');
  const order = key.map(({ sql }) => `${sql} desc`).join(', ');
  const condition = isFirst ? '' : `where ${comesAfter(key, '', 'after')}`;
  const side = (from: string) =>
    `(select ${names} from ${from} ${condition} order by ${order} limit 1 offset ${step - 1})`;
  const variables = key.map((_, i) => `@to${i}`);
  const rows = await timed.queries([
    `set ${variables.map((variable) => `${variable} = null`).join(', ')}`,
    // The one with more rows in the range decides.
    `select ${names} into ${variables.join(', ')} from (${side(table.after)} union all ${side(table.before)}) ends
     order by ${order} limit 1`,
    'select @to0 is null as is_last',
  ]);
  return Number(rows.at(-1)?.[0]?.['is_last']) === 1;
}

async function compareRange(timed: Timed, table: ComparedTable, range: Range, findings: Findings): Promise<void> {
  const { before, after, columns, key } = table;
  const [[now] = [], [old] = []] = await timed.queries([
    `select ${sums(columns)} from ${after} a ${where(key, 'a', range)}`,
    `select ${sums(columns)} from ${before} b ${where(key, 'b', range)}`,
  ]);
  if (now?.['row_count'] === old?.['row_count'] && now?.['sum'] === old?.['sum']) return;
  const matches = key.map(({ sql }) => `b.${sql} = a.${sql}`).join(' and ');
  const isNew = `b.${key[0]?.sql} is null`; // no key is null
  const changed = columns.map(isChanged).join(' or ');
  const join = `${after} a left join ${before} b on ${matches}`;
  const [[counts] = []] = await timed.queries([
    `select count(*) as row_count, coalesce(sum(${isNew}), 0) as inserted,
     coalesce(sum(not (${isNew}) and (${changed})), 0) as updated from ${join} ${where(key, 'a', range)}`,
  ]);
  const [inserted, updated] = [Number(counts?.['inserted']), Number(counts?.['updated'])];
  const deleted = Number(old?.['row_count']) - (Number(counts?.['row_count']) - inserted);
  findings.count(table.name, { inserted, updated, deleted });
  if (inserted + updated > 0) {
    const rows = `${join} ${where(key, 'a', range, `(${isNew} or ${changed})`)} ${downwards(key, 'a')}`;
    await show(timed, table, rows, findings);
  }
  if (deleted > 0) {
    const gone = `${before} b left join ${after} a on ${matches} ${where(key, 'b', range, `a.${key[0]?.sql} is null`)}`;
    await show(timed, table, `${gone} ${downwards(key, 'b')}`, findings);
  }
}

/** Shows rows of a join of both tables, `a` and `b`, as far as more are wanted. */
async function show(timed: Timed, table: ComparedTable, from: string, findings: Findings): Promise<void> {
  const wanted = findings.wanted(table.name);
  if (wanted <= 0) return;
  const { key, columns } = table;
  const texts = columns.flatMap((column, i) => [`${textOf(column, 'a')} as a${i}`, `${textOf(column, 'b')} as b${i}`]);
  const [first] = key;
  const [rows = []] = await timed.queries([
    `select a.${first?.sql} is null as is_gone, b.${first?.sql} is null as is_new, ${texts.join(', ')}
     from ${from} limit ${wanted}`,
  ]);
  const names = key.map(({ name }) => name);
  for (const row of rows) {
    const before = Number(row['is_new']) === 1 ? undefined : textsOf(columns, row, 'b');
    const after = Number(row['is_gone']) === 1 ? undefined : textsOf(columns, row, 'a');
    findings.show(
      table.name,
      rowChange(names, before, after, (name) => before?.[name] !== after?.[name]),
    );
  }
}

function textsOf(columns: readonly Column[], row: Row, alias: string): Texts {
  const text = (value: unknown) => (value === null ? null : String(value));
  return Object.fromEntries(columns.map(({ name }, i) => [name, text(row[`${alias}${i}`])]));
}

/** The order in which ranges are gone through, so that the rows which are shown do not depend on where one ends. */
function downwards(key: readonly Column[], alias: string): string {
  return `order by ${key.map(({ sql }) => `${alias}.${sql} desc`).join(', ')}`;
}

function where(key: readonly Column[], alias: string, { isFirst, isLast }: Range, more = ''): string {
  const conditions = [
    ...(isFirst ? [] : [comesAfter(key, `${alias}.`, 'after')]),
    ...(isLast ? [] : [`not ${comesAfter(key, `${alias}.`, 'to')}`]),
    ...(more ? [more] : []),
  ];
  return conditions.length > 0 ? `where ${conditions.join(' and ')}` : '';
}

/**
 * Whether a key comes after another one, downwards. A comparison of several columns is spelt out: only then the server
 * uses the index for it.
 */
function comesAfter(key: readonly Column[], prefix: string, variable: string): string {
  const parts = key.map((column, i) => {
    const equal = key.slice(0, i).map(({ sql }, place) => `${prefix}${sql} = @${variable}${place}`);
    return [...equal, `${prefix}${column.sql} < @${variable}${i}`].join(' and ');
  });
  return `(${parts.map((part) => `(${part})`).join(' or ')})`;
}
