import type { Row } from '../server/dialect.ts';
import type { MysqlConnection } from './connection.ts';
import { identifier, text } from './quoting.ts';

/** A column whose values are given, not computed. */
export interface Column {
  readonly name: string;
  /** Its name as statements need it. */
  readonly sql: string;
  /** Such as `varchar`. */
  readonly type: string;
  readonly isText: boolean;
  /** Its collation; equal for columns whose values can be put together. */
  readonly kind: string;
}

/** A table that is in both databases. */
export interface ComparedTable {
  readonly name: string;
  /** With their databases, as statements need them. */
  readonly before: string;
  readonly after: string;
  /** Columns that both have. */
  readonly columns: readonly Column[];
  /** The columns that tell rows apart; none where nothing does. */
  readonly key: readonly Column[];
  /** The server's guess, in bytes. */
  readonly size: number;
}

interface FoundTable {
  readonly size: number;
  readonly columns: readonly Column[];
  readonly keys: readonly (readonly string[])[];
}

/** Reads the tables that are in both databases, small ones first. */
export async function readTables(
  connection: MysqlConnection,
  original: string,
  database: string,
): Promise<readonly ComparedTable[]> {
  const [before, after] = [await readSide(connection, original), await readSide(connection, database)];
  const tables = [...after].flatMap(([name, table]): ComparedTable[] => {
    const other = before.get(name);
    if (!other) return [];
    const columns = table.columns.filter((column) => other.columns.some((same) => same.name === column.name));
    const isSame = (key: readonly string[]) => other.keys.some((same) => JSON.stringify(same) === JSON.stringify(key));
    const isGiven = (key: readonly string[]) => key.every((part) => columns.some((column) => column.name === part));
    const names = table.keys.find((key) => isSame(key) && isGiven(key)) ?? [];
    const key = names.flatMap((part) => columns.filter((column) => column.name === part));
    const sql = (schema: string) => `${identifier(schema)}.${identifier(name)}`;
    const size = Math.max(table.size, other.size);
    return [{ name, before: sql(original), after: sql(database), columns, key, size }];
  });
  return tables.sort((a, b) => a.size - b.size);
}

async function readSide(connection: MysqlConnection, database: string): Promise<ReadonlyMap<string, FoundTable>> {
  const schema = text(database);
  const [tables = [], columns = [], indexes = []] = await connection.queries([
    // Tables of other kinds have no rows of their own.
    `select table_name, data_length from information_schema.tables
     where table_schema = ${schema} and table_type in ('BASE TABLE', 'SYSTEM VERSIONED')
       and engine not in ('MRG_MYISAM', 'BLACKHOLE') order by table_name`,
    `select table_name, column_name, data_type, collation_name from information_schema.columns
     where table_schema = ${schema} and coalesce(generation_expression, '') = '' order by table_name, ordinal_position`,
    `select table_name, index_name, column_name, nullable, sub_part from information_schema.statistics
     where table_schema = ${schema} and non_unique = 0
     order by table_name, index_name <> 'PRIMARY', index_name, seq_in_index`,
  ]);
  const ofTable = (rows: readonly Row[], name: unknown) => rows.filter((row) => row['table_name'] === name);
  return new Map(
    tables.map((row): [string, FoundTable] => {
      const name = row['table_name'];
      const own = { columns: ofTable(columns, name).map(columnOf), keys: keysOf(ofTable(indexes, name)) };
      return [String(name), { ...own, size: Number(row['data_length'] ?? 0) }];
    }),
  );
}

function columnOf(row: Row): Column {
  const name = String(row['column_name']);
  const type = String(row['data_type']).toLowerCase();
  const collation = row['collation_name'] ?? null;
  return { name, sql: identifier(name), type, isText: collation !== null || type === 'json', kind: String(collation) };
}

/** Columns of the indexes that tell all rows apart by whole values. */
function keysOf(rows: readonly Row[]): readonly (readonly string[])[] {
  const names = [...new Set(rows.map((row) => row['index_name']))];
  return names
    .map((name) => rows.filter((row) => row['index_name'] === name))
    .filter((parts) =>
      parts.every((row) => row['nullable'] !== 'YES' && row['sub_part'] === null && row['column_name'] !== null),
    )
    .map((parts) => parts.map((row) => String(row['column_name'])));
}
