import type { Knex } from 'knex';
import { dialectOf } from './dialect.ts';

/** Up or down. */
export type Direction = 'asc' | 'desc';

/** Columns that order rows, the second one where the first is equal; a row's values in them are its place. */
export type KeyColumns = readonly [column: string, tieBreak: string];

/**
 * Narrows a query to the rows that come after a place, in a form for which each engine begins to read an index there:
 * MySQL does so for no comparison of pairs, SQLite and PostgreSQL for no OR.
 */
export function whereAfter(
  query: Knex.QueryBuilder,
  [column, tieBreak]: KeyColumns,
  [value, id]: readonly [string, string],
  direction: Direction,
): Knex.QueryBuilder {
  const sign = direction === 'asc' ? '>' : '<';
  if (dialectOf(query as unknown as Knex) !== 'mysql') {
    return query.whereRaw(`(??, ??) ${sign} (?, ?)`, [column, tieBreak, value, id]);
  }
  return query.where((either) =>
    either.where(column, sign, value).orWhere((tied) => tied.where(column, value).where(tieBreak, sign, id)),
  );
}

/** Narrows a query to rows whose column contains a text; nothing in the text is a wildcard. */
export function whereContains(query: Knex.QueryBuilder, column: string, text: string): Knex.QueryBuilder {
  return query.whereRaw("?? LIKE ? ESCAPE '!'", [column, `%${text.replace(/[!%_]/g, '!$&')}%`]);
}
