import type { Knex } from 'knex';
import { type Columns, columnsOf } from './create-table.ts';
import { dialectOf } from './dialect.ts';

/**
 * Adds a column to a table of ours; one that is there already stays as it is: MySQL keeps what a migration made before
 * it was killed.
 */
export async function addColumn(
  db: Knex,
  table: string,
  name: string,
  define: (columns: Columns) => void,
): Promise<void> {
  if (!(await db.schema.hasColumn(table, name))) {
    await db.schema.alterTable(table, (builder) => define(columnsOf(dialectOf(db), builder)));
  }
}

/** Adds an index to a table of ours, unless it is there already; its name is made of the table and its columns. */
export async function addIndex(
  db: Knex,
  table: string,
  columns: readonly string[],
  kind: IndexKind = 'index',
): Promise<void> {
  const name = indexName(table, columns, kind);
  if (dialectOf(db) === 'mysql' && (await hasMysqlIndex(db, table, name))) {
    return;
  }
  await db.schema.alterTable(table, (builder) => {
    if (kind === 'unique') {
      builder.unique([...columns], { indexName: name });
    } else {
      builder.index([...columns], name);
    }
  });
}

/** Removes an index that addIndex added. */
export async function dropIndex(
  db: Knex,
  table: string,
  columns: readonly string[],
  kind: IndexKind = 'index',
): Promise<void> {
  const name = indexName(table, columns, kind);
  await db.schema.alterTable(table, (builder) => {
    if (kind === 'unique') {
      builder.dropUnique([...columns], name);
    } else {
      builder.dropIndex([...columns], name);
    }
  });
}

/** Removes a column. By hand, as Knex would make the whole table anew on SQLite. */
export async function dropColumn(db: Knex, table: string, name: string): Promise<void> {
  await db.raw('ALTER TABLE ?? DROP COLUMN ??', [table, name]);
}

type IndexKind = 'index' | 'unique';

function indexName(table: string, columns: readonly string[], kind: IndexKind): string {
  return [table, ...columns, kind].join('_');
}

async function hasMysqlIndex(db: Knex, table: string, name: string): Promise<boolean> {
  const found = await db('information_schema.statistics')
    .whereRaw('table_schema = DATABASE()')
    .where({ table_name: table, index_name: name })
    .first('index_name');
  return found !== undefined;
}
