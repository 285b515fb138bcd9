import type BetterSqlite3 from 'better-sqlite3';

/** A column, or what stands for one, as statements need it. */
export interface KeyColumn {
  readonly name: string;
  readonly sql: string;
  /** As in the index that makes it unique; undefined for numbers of rows. */
  readonly collation: string | undefined;
}

/** A table that is in both databases. */
export interface ComparedTable {
  readonly name: string;
  readonly sql: string;
  /** Columns that both have and whose values are given, not computed. */
  readonly columns: readonly string[];
  /** What tells rows apart. */
  readonly key: readonly KeyColumn[];
}

interface Column {
  readonly name: string;
  readonly isRequired: boolean;
  readonly isGiven: boolean;
  /** Its place in the primary key, from 1; 0 for others. */
  readonly place: number;
}

type Schema = 'main' | 'original';

/** Reads all tables with rows of their own. */
export function readTables(db: BetterSqlite3.Database): readonly ComparedTable[] {
  const names = db
    .prepare<[], string>(
      `select name from pragma_table_list c where schema = 'main' and type in ('table', 'virtual')
         and name not like 'sqlite\\_%' escape '\\'
         and exists (select 1 from pragma_table_list o where o.schema = 'original' and o.name = c.name and o.type = c.type)
       order by name`,
    )
    .pluck()
    .all();
  return names.map((name) => {
    const [columns, others] = [readColumns(db, 'main', name), readColumns(db, 'original', name)];
    const common = columns.filter((column) => {
      return column.isGiven && others.some((other) => other.isGiven && other.name === column.name);
    });
    const key = keyOf(db, name, columns, others);
    return { name, sql: identifier(name), columns: common.map((column) => column.name), key };
  });
}

/** A name, whatever characters it has. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function keyOf(
  db: BetterSqlite3.Database,
  table: string,
  columns: readonly Column[],
  others: readonly Column[],
): readonly KeyColumn[] {
  const primary = columns.filter(({ place }) => place > 0).sort((a, b) => a.place - b.place);
  const keys = uniqueKeys(db, 'main', table);
  // A single whole number without an index is another name of the row's number.
  const isNumber = primary.length === 1 && !keys.some(({ isPrimary }) => isPrimary);
  const hasSame = others.filter(({ place }) => place > 0).map(({ name }) => name);
  if (isNumber && hasSame.length === 1 && hasSame[0] === primary[0]?.name) {
    return primary.map(({ name }) => ({ name, sql: identifier(name), collation: undefined }));
  }
  const same = new Set(uniqueKeys(db, 'original', table).map(({ parts }) => JSON.stringify(parts)));
  const usable = keys
    .filter(({ parts }) => same.has(JSON.stringify(parts)))
    .filter(({ parts, isPrimary }) =>
      parts.every(({ name }) => {
        const both = [columns, others].map((some) => some.find((column) => column.name === name));
        return both.every((column) => column?.isGiven && (isPrimary || column.isRequired));
      }),
    );
  const key = usable.find(({ isPrimary }) => isPrimary) ?? usable[0];
  const parts = key?.parts.map(({ name, collation }) => ({ name, sql: identifier(name), collation }));
  if (key && parts && (!key.isPrimary || !hasNulls(db, table, columns, parts))) return parts;
  // A column may have taken this name.
  const number = ['rowid', '_rowid_', 'oid'].find(
    (name) => !columns.some((column) => column.name.toLowerCase() === name),
  );
  return [{ name: number ?? 'rowid', sql: number ?? 'rowid', collation: undefined }];
}

/** SQLite allows null in a primary key unless the column says otherwise. */
function hasNulls(
  db: BetterSqlite3.Database,
  table: string,
  columns: readonly Column[],
  key: readonly KeyColumn[],
): boolean {
  const optional = key.filter(({ name }) => columns.some((column) => column.name === name && !column.isRequired));
  if (optional.length === 0) return false;
  const isNull = optional.map(({ sql }) => `${sql} is null`).join(' or ');
  return (['main', 'original'] as const).some(
    (schema) => db.prepare(`select 1 from ${schema}.${identifier(table)} where ${isNull} limit 1`).get() !== undefined,
  );
}

/** Indexes of columns that tell all rows apart. */
function uniqueKeys(db: BetterSqlite3.Database, schema: Schema, table: string) {
  const indexes = db
    .prepare<[string, string], { name: string; origin: string }>(
      `select name, origin from pragma_index_list(?, ?) where "unique" and not partial order by name`,
    )
    .all(table, schema);
  const columns = db.prepare<[string, string], { cid: bigint; name: string; coll: string }>(
    'select cid, name, coll from pragma_index_xinfo(?, ?) where key order by seqno',
  );
  return indexes
    .map(({ name, origin }) => ({ isPrimary: origin === 'pk', columns: columns.all(name, schema) }))
    .filter((index) => index.columns.every(({ cid }) => cid >= 0))
    .map(({ isPrimary, columns }) => ({
      isPrimary,
      parts: columns.map(({ name, coll }) => ({ name, collation: coll })),
    }));
}

function readColumns(db: BetterSqlite3.Database, schema: Schema, table: string): readonly Column[] {
  return db
    .prepare<[string, string], { name: string; notnull: bigint; pk: bigint; hidden: bigint }>(
      'select name, "notnull", pk, hidden from pragma_table_xinfo(?, ?)',
    )
    .all(table, schema)
    .map(({ name, notnull, pk, hidden }) => {
      return { name, isRequired: notnull !== 0n, isGiven: hidden === 0n, place: Number(pk) };
    });
}
