import type { Knex } from 'knex';
import type { Dialect } from './database-url.ts';
import { dialectOf } from './dialect.ts';
import { isMariaDb } from './mysql.ts';

/** Defines columns of a table. */
export interface Columns {
  readonly table: Knex.CreateTableBuilder;
  /** A text that is compared and ordered by its code points; of any length when none is given. */
  text(name: string, mostCharacters?: number): Knex.ColumnBuilder;
}

/** Marks the tables of this service on MySQL, where a migration that was killed may leave one behind. */
const MARK = 'invoice-api';

/**
 * Makes a table that means the same on every engine. Migrations are written with it, so what it makes for the same
 * columns must not change either once one has been released.
 */
export async function createTable(db: Knex, name: string, define: (columns: Columns) => void): Promise<void> {
  const dialect = dialectOf(db);
  const collation = dialect === 'mysql' ? await binaryCollation(db) : '';
  if (dialect === 'mysql') {
    await dropUnfinished(db, name);
  }
  await db.schema.createTable(name, (table) => {
    if (dialect === 'mysql') {
      table.engine('InnoDB');
      table.charset('utf8mb4');
      table.collate(collation);
      table.comment(MARK);
    }
    define(columnsOf(dialect, table));
  });
}

/** What defines columns of a table on an engine. */
export function columnsOf(dialect: Dialect, table: Knex.CreateTableBuilder): Columns {
  return { table, text: TEXT[dialect](table) };
}

/** Whether a table of this name on MySQL was made by this service. */
export async function bearsMark(db: Knex, name: string): Promise<boolean> {
  const ours = await db('information_schema.tables')
    .whereRaw('table_schema = DATABASE()')
    .where({ table_name: name, table_comment: MARK })
    .first('table_name');
  return ours !== undefined;
}

type TextColumn = (table: Knex.CreateTableBuilder) => Columns['text'];

const TEXT: Readonly<Record<Dialect, TextColumn>> = {
  sqlite: (table) => (name, most) => (most === undefined ? table.text(name) : table.string(name, most)),
  postgres: (table) => (name, most) =>
    table.specificType(name, `${most === undefined ? 'text' : `varchar(${most})`} COLLATE "C"`),
  // MySQL's own TEXT ends at 64 KiB.
  mysql: (table) => (name, most) => (most === undefined ? table.text(name, 'longtext') : table.string(name, most)),
};

/** A collation that tells `a` from `a ` as well; utf8mb4_bin, which every server has, does not. */
async function binaryCollation(db: Knex): Promise<string> {
  const [[{ version }]] = await db.raw('SELECT VERSION() AS version');
  return isMariaDb(version) ? 'utf8mb4_nopad_bin' : 'utf8mb4_0900_bin';
}

/**
 * MySQL does not take a table back when the migration that made it is killed before it was written down as done. Such a
 * one is made again, if it bears our mark and is empty; any other table of that name makes the migration fail.
 */
async function dropUnfinished(db: Knex, name: string): Promise<void> {
  if ((await bearsMark(db, name)) && (await db(name).first()) === undefined) {
    await db.schema.dropTable(name);
  }
}
