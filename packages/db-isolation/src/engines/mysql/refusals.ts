import { IsolationError } from '../../errors.ts';
import type { Inventory, Table } from './inventory.ts';
import { KINDS, type Program } from './programs.ts';

/** Engines whose tables lie in the server and can be filled by statements. */
const ENGINES = new Set(['INNODB', 'MYISAM', 'ARIA', 'MEMORY', 'CSV', 'ARCHIVE', 'MRG_MYISAM', 'BLACKHOLE', 'ROCKSDB']);

/**
 * Refuses a template that cannot be copied faithfully over a connection.
 *
 * @param grantees accounts with rights to this very database.
 * @throws {IsolationError} `DBI_NOT_CLONEABLE`.
 */
export function refuseUnfaithful(inventory: Inventory, grantees: readonly string[]): void {
  const reasons = [
    ...inventory.tables.flatMap((table) => tableReasons(table, inventory.variables)),
    ...inventory.programs.flatMap(programReasons),
    ...inventory.brokenViews.map((view) => `view ${view}, which refers to something that is not there`),
    ...grantees.map((grantee) => `${grantee} has been granted rights to this database by its name`),
  ];
  if (reasons.length > 0) throw notCloneable(inventory.database, reasons);
}

/** @param reasons what cannot be copied, or is not equal in a copy. */
export function notCloneable(database: string, reasons: readonly string[], cause?: unknown): IsolationError {
  return new IsolationError(
    'DBI_NOT_CLONEABLE',
    `The template ${database} holds what cannot be copied faithfully: ${reasons.join('; ')}. Change the migration that ` +
      'makes it, or leave it out of the schema for tests.',
    { cause },
  );
}

function tableReasons(table: Table, variables: Inventory['variables']): readonly string[] {
  const reasons: string[] = [];
  const options = table.ddl.replace(/'(?:[^'\\]|\\.|'')*'|`(?:[^`]|``)*`/gs, '');
  if (table.kind === 'unknown') reasons.push(`${table.name}, a kind of table that is not known`);
  if (table.kind !== 'sequence' && !ENGINES.has(table.engine)) {
    reasons.push(`table ${table.name}, whose engine ${table.engine} keeps rows elsewhere or is not known`);
  }
  if (table.engine !== 'INNODB' && /\b(?:DATA|INDEX) DIRECTORY=/.test(options)) {
    reasons.push(`table ${table.name}, whose files are in a directory of their own`);
  }
  if (table.kind === 'versioned table') {
    if (variables['system_versioning_insert_history'] === undefined) {
      reasons.push(`table ${table.name} with its history, which this server cannot copy (MariaDB 10.11 can)`);
    }
    if (table.columns.some((column) => /^ROW START$/i.test(column.generation) && /^bigint/i.test(column.type))) {
      reasons.push(`table ${table.name}, whose history is kept by transactions`);
    }
  }
  return reasons;
}

function programReasons(program: Program): readonly string[] {
  const what = `${program.kind} ${program.name}`;
  if (!KINDS.includes(program.kind)) return [`${what}, which is not known`];
  if (program.ddl === '') return [`${what}, whose text the user may not read`];
  const isUtf8 = /^utf8|^ascii$/i.test(program.charset);
  const isAscii = /^[\0-\x7f]*$/.test(program.ddl);
  return isUtf8 || isAscii ? [] : [`${what}, which was written in the character set ${program.charset}`];
}
