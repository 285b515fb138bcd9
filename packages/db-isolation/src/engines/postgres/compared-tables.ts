import type { Pair } from './pair.ts';

/** A table with rows of its own, or one of the parts of a divided table that has some. */
export interface Part {
  /** Its name as statements need it. */
  readonly sql: string;
  /** How many blocks its file has in the larger of both databases. */
  readonly blocks: number;
  /** In which of the databases it is. */
  readonly before: boolean;
  readonly after: boolean;
  /** Whether both have the same file, but for what was written since: nothing has written the whole table anew. */
  readonly sameFile: boolean;
}

/** A table that is in both databases. */
export interface ComparedTable {
  readonly name: string;
  readonly parts: readonly Part[];
  /** Columns that both have and whose values are given, not computed. */
  readonly columns: readonly Column[];
  /** Names of the columns that tell rows apart; none where nothing does. */
  readonly key: readonly string[];
}

/** A column, with its type but without the length of that. */
export interface Column {
  readonly name: string;
  readonly type: string;
}

/** A table as one database has it. */
interface FoundTable {
  readonly name: string;
  readonly columns: readonly Column[];
  /** The primary key first. */
  readonly keys: readonly (readonly string[])[];
  readonly parts: readonly { readonly sql: string; readonly blocks: number; readonly file: number }[];
}

const TABLES = `
select case nspname when 'public' then '' else nspname || '.' end || relname as name,
  (select coalesce(json_agg(json_build_object('name', attname, 'type', format_type(atttypid, null)) order by attnum), '[]')
    from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped and attgenerated = '') as columns,
  (select coalesce(json_agg(keys order by indisprimary desc, name), '[]') from (
    select indisprimary, indexrelid::regclass::text as name, (select json_agg(attname order by place)
      from unnest(indkey::int2[]) with ordinality k (number, place)
      join pg_attribute on attrelid = c.oid and attnum = number where place <= indnkeyatts) as keys
    from pg_index where indrelid = c.oid and indisunique and indisvalid and indpred is null and indexprs is null
      and not exists (select from pg_attribute where attrelid = c.oid and attnum = any (indkey) and not attnotnull)
  ) unique_index) as keys,
  (select coalesce(json_agg(json_build_object('sql', part.oid::regclass::text, 'file', pg_relation_filenode(part.oid),
      'blocks', pg_relation_size(part.oid) / current_setting('block_size')::int) order by part.oid), '[]')
    from pg_class part where part.relkind = 'r'
      and (part.oid = c.oid or part.oid in (select relid from pg_partition_tree(c.oid) where isleaf))) as parts
from pg_class c join pg_namespace n on n.oid = relnamespace
where relkind in ('r', 'p') and not relispartition and relpersistence <> 't'
  and nspname !~ '^pg_' and nspname <> 'information_schema'
order by 1`;

/** Reads the tables that are in both databases, small ones first. */
export async function readTables(pair: Pair): Promise<readonly ComparedTable[]> {
  const [originals, found] = (await pair.rows(() => TABLES)) as unknown as [
    readonly FoundTable[],
    readonly FoundTable[],
  ];
  const byName = new Map(originals.map((table) => [table.name, table]));
  const tables = found.flatMap((table) => {
    const original = byName.get(table.name);
    return original ? [paired(original, table)] : [];
  });
  const size = ({ parts }: ComparedTable) => parts.reduce((sum, { blocks }) => sum + blocks, 0);
  return tables.sort((a, b) => size(a) - size(b));
}

function paired(before: FoundTable, after: FoundTable): ComparedTable {
  const columns = after.columns.filter(({ name }) => before.columns.some((column) => column.name === name));
  const isGiven = (key: readonly string[]) => key.every((name) => columns.some((column) => column.name === name));
  const isSame = (key: readonly string[]) => before.keys.some((other) => JSON.stringify(other) === JSON.stringify(key));
  const names = new Set([...after.parts, ...before.parts].map(({ sql }) => sql));
  const parts = [...names].map((sql): Part => {
    const [one, other] = [after, before].map((table) => table.parts.find((part) => part.sql === sql));
    const blocks = Math.max(one?.blocks ?? 0, other?.blocks ?? 0);
    const sameFile = one !== undefined && one.file === other?.file;
    return { sql, blocks, before: other !== undefined, after: one !== undefined, sameFile };
  });
  return { name: after.name, parts, columns, key: after.keys.find((key) => isGiven(key) && isSame(key)) ?? [] };
}
