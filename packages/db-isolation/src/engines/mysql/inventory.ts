import type { Row } from '../server/dialect.ts';
import type { MysqlConnection } from './connection.ts';
import { type EventSet, type Program, readPrograms } from './programs.ts';
import { identifier, text } from './quoting.ts';
import { refuseUnfaithful } from './refusals.ts';

/** A table with rows of its own, or a sequence. */
export interface Table {
  readonly name: string;
  readonly kind: 'table' | 'versioned table' | 'sequence' | 'unknown';
  readonly engine: string;
  readonly ddl: string;
  readonly columns: readonly Column[];
  /** Whether its rows are its own: those of a MERGE table are not. */
  readonly holdsRows: boolean;
  readonly isEmpty: boolean;
}

/** A column of a table, also an invisible one. */
interface Column {
  readonly name: string;
  readonly type: string;
  /** `''` for a column whose values are given and not computed. */
  readonly generation: string;
}

/** What there is in a database. */
export interface Inventory {
  readonly database: string;
  readonly createDatabase: string;
  readonly collation: string;
  readonly tables: readonly Table[];
  readonly programs: readonly Program[];
  /** Views of tables, columns or functions that are not there. */
  readonly brokenViews: readonly string[];
  readonly variables: Readonly<Record<string, string>>;
}

/** Engines whose tables hold no rows of their own. */
const ROWLESS = new Set(['MRG_MYISAM', 'BLACKHOLE']);
const TABLE_KINDS: Readonly<Record<string, Table['kind']>> = {
  'BASE TABLE': 'table',
  'SYSTEM VERSIONED': 'versioned table',
  SEQUENCE: 'sequence',
};
const VARIABLES = [
  'binlog_format',
  'log_bin',
  'event_scheduler',
  'max_allowed_packet',
  'system_versioning_insert_history',
];

/** Reads what there is in a database, in a few trips however much that is. */
export async function readInventory(
  connection: MysqlConnection,
  database: string,
  enabledEvents: EventSet,
): Promise<Inventory> {
  const schema = text(database);
  const [databases = [], objects = [], columns = [], grants = [], variables = []] = await connection.queries([
    `show create database ${identifier(database)}`,
    `select t.table_name, t.table_type, t.engine, s.default_collation_name from information_schema.schemata s
     left join information_schema.tables t on t.table_schema = s.schema_name and t.table_type not like 'TEMPORARY%'
     where s.schema_name = ${schema} order by t.table_name`,
    `select table_name, column_name, column_type, generation_expression from information_schema.columns
     where table_schema = ${schema} order by table_name, ordinal_position`,
    `select grantee from information_schema.schema_privileges where table_schema = ${schema}
     union select grantee from information_schema.table_privileges where table_schema = ${schema}
     union select grantee from information_schema.column_privileges where table_schema = ${schema}`,
    `show variables where variable_name in (${VARIABLES.map(text).join(', ')})`,
  ]);
  const named = objects.filter((row) => row['table_name'] !== null);
  const tables = await readTables(
    connection,
    database,
    named.filter((row) => row['table_type'] !== 'VIEW'),
    columns,
  );
  const views = named.filter((row) => row['table_type'] === 'VIEW');
  // MariaDB tells no columns of a broken view. MySQL may remember them: there making the first clone fails.
  const broken = views.filter((view) => !columns.some((column) => column['table_name'] === view['table_name']));
  const nameOf = (row: Row) => String(row['table_name']);
  const inventory: Inventory = {
    database,
    // MySQL mentions in a comment that a template is read-only.
    createDatabase: String(databases[0]?.['create database']).replace(/ ?\/\* READ ONLY=1 \*\//, ''),
    collation: String(objects[0]?.['default_collation_name']),
    tables,
    programs: await readPrograms(connection, database, views.map(nameOf), enabledEvents),
    brokenViews: broken.map(nameOf),
    variables: Object.fromEntries(variables.map((row) => [String(row['variable_name']), String(row['value'])])),
  };
  refuseUnfaithful(
    inventory,
    grants.map((row) => String(row['grantee'])),
  );
  return inventory;
}

async function readTables(
  connection: MysqlConnection,
  database: string,
  rows: readonly Row[],
  columns: readonly Row[],
): Promise<readonly Table[]> {
  const tables = rows.map((row) => {
    const engine = String(row['engine']).toUpperCase();
    const name = String(row['table_name']);
    return {
      name,
      engine,
      kind: kindOf(String(row['table_type'])),
      holdsRows: !ROWLESS.has(engine),
      columns: columnsOf(columns.filter((column) => column['table_name'] === name)),
    };
  });
  const full = (name: string) => `${identifier(database)}.${identifier(name)}`;
  const shown = await connection.queries(tables.map(({ name }) => `show create table ${full(name)}`));
  const found = await connection.queries(
    tables.map(({ name, kind }) => {
      const history = kind === 'versioned table' ? 'for system_time all' : '';
      return `select exists (select 1 from ${full(name)} ${history} limit 1) as found`;
    }),
  );
  return tables.map((table, i) => ({
    ...table,
    ddl: String(shown[i]?.[0]?.['create table']),
    isEmpty: table.holdsRows && Number(found[i]?.[0]?.['found']) === 0,
  }));
}

function columnsOf(rows: readonly Row[]): readonly Column[] {
  return rows.map((row) => ({
    name: String(row['column_name']),
    type: String(row['column_type']),
    generation: String(row['generation_expression'] ?? ''),
  }));
}

function kindOf(type: string): Table['kind'] {
  return TABLE_KINDS[type] ?? 'unknown';
}
