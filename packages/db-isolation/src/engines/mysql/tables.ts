import type { Inventory, Table } from './inventory.ts';
import { identifier } from './quoting.ts';

/** Statements that make all tables and sequences in the current database. */
export function tableStatements({ tables }: Inventory): readonly string[] {
  // A column's default may be taken from a sequence, and a MERGE table needs its parts.
  const rank = (table: Table) => (table.kind === 'sequence' ? 0 : table.holdsRows ? 1 : 2);
  return tables.toSorted((a, b) => rank(a) - rank(b)).map((table) => table.ddl);
}

/**
 * Statements that fill the tables of the current database, in one transaction: with a transaction each, the disk would
 * be waited for once for each table.
 */
export function copyStatements({ database, tables, variables }: Inventory): readonly string[] {
  const filled = tables.filter((table) => table.holdsRows && !table.isEmpty);
  if (filled.length === 0) return [];
  // With this isolation no rows of the template are locked, which a log of statements would not allow.
  const logsStatements = variables['log_bin'] === 'ON' && variables['binlog_format'] === 'STATEMENT';
  return [
    ...(logsStatements ? [] : ['set transaction isolation level read committed']),
    ...(filled.some((table) => table.kind === 'versioned table') ? ['set system_versioning_insert_history = 1'] : []),
    'start transaction',
    ...filled.map((table) => copyStatement(database, table)),
    'commit',
  ];
}

function copyStatement(database: string, table: Table): string {
  const source = `${identifier(database)}.${identifier(table.name)}`;
  if (table.kind === 'sequence') return `insert into ${identifier(table.name)} select * from ${source}`;
  const given = table.columns.filter((column) => column.generation === '').map((column) => column.name);
  const names = [...given, ...periodOf(table)].map(identifier).join(', ');
  const history = table.kind === 'versioned table' ? ' for system_time all' : '';
  return `insert into ${identifier(table.name)} (${names}) select ${names} from ${source}${history}`;
}

/** The columns that say when a row was valid; they are listed among the columns only if the schema named them. */
function periodOf(table: Table): readonly string[] {
  if (table.kind !== 'versioned table') return [];
  const period = table.columns.filter((column) => /^ROW (START|END)$/i.test(column.generation));
  return period.length > 0 ? period.map((column) => column.name) : ['row_start', 'row_end'];
}
