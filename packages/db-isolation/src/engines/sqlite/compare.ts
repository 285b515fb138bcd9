import type BetterSqlite3 from 'better-sqlite3';
import { isErrorLike, messageOf } from '../../errors.ts';
import { nextTurn } from '../../real-time.ts';
import type { Changes } from '../changes.ts';
import { type Definition, type Definitions, schemaChanges } from '../definitions.ts';
import { Findings } from '../findings.ts';
import { compareRows } from './compare-rows.ts';
import { type ComparedTable, readTables } from './compared-tables.ts';
import type { Driver } from './driver.ts';
import { HOT_JOURNAL, withViews } from './views.ts';

/** Rows that are counted to find out which tables are small. */
const SMALL = 10_000;

/**
 * Compares the file of a clone with its template, neither of which is changed.
 *
 * @param scratch an existing directory for what is needed meanwhile.
 */
export async function compareFiles(
  driver: Driver,
  template: string,
  clone: string,
  scratch: string,
  milliseconds: number,
): Promise<Changes> {
  const findings = new Findings(milliseconds);
  try {
    await withViews(driver, { template, clone, scratch }, (db) => compare(db, findings));
  } catch (error) {
    if (!isAboutContent(error)) throw error;
    findings.leaveOut(`the rest was not compared: ${messageOf(error)}`);
  }
  return findings.changes;
}

async function compare(db: BetterSqlite3.Database, findings: Findings): Promise<void> {
  findings.schema = schemaChanges(readDefinitions(db, 'original'), readDefinitions(db, 'main'));
  const tables = readTables(db);
  for (const table of smallFirst(db, tables)) {
    try {
      await compareRows(db, table, findings);
    } catch (error) {
      if (!isAboutContent(error)) throw error;
      // Such as a collation or a kind of virtual table that only the app's connections know.
      findings.leaveOut(`comparing table ${table.name} failed: ${messageOf(error)}`);
    }
    await nextTurn(); // tests beside this one may go on
  }
}

/** Whether it is due to what is in a file, and not to the disk. */
function isAboutContent(error: unknown): boolean {
  const code = isErrorLike(error) && 'code' in error ? String(error.code) : '';
  return code === HOT_JOURNAL || /^SQLITE_(?!IOERR|FULL|CANTOPEN|NOMEM|PERM)/.test(code);
}

function readDefinitions(db: BetterSqlite3.Database, schema: 'main' | 'original'): Definitions {
  const rows = db
    .prepare<[], { kind: string; name: string; owner: string; sql: string; of: string | null }>(
      `select o.type as kind, o.name, o.tbl_name as owner, o.sql,
         (select t.type from ${schema}.sqlite_schema t where t.name = o.tbl_name and t.type in ('table', 'view')) as of
       from ${schema}.sqlite_schema o
       where o.sql is not null and o.name not like 'sqlite\\_%' escape '\\'
         and o.tbl_name not in (select name from pragma_table_list where schema = '${schema}' and type = 'shadow')
       order by o.type, o.name`,
    )
    .all();
  const objects = rows.map(({ kind, name, owner, sql, of }): [string, Definition] => {
    const isOwn = kind === 'table' || kind === 'view' || of === null;
    return [`${kind} ${name}`, isOwn ? { text: sql } : { text: sql, of: `${of} ${owner}` }];
  });
  const numbers = ['user_version', 'application_id'].map((name): [string, Definition] => {
    return [`pragma ${name}`, { text: String(db.pragma(`${schema}.${name}`, { simple: true })) }];
  });
  return new Map([...objects, ...numbers]);
}

/** So that a large table does not take the time of all others. */
function smallFirst(db: BetterSqlite3.Database, tables: readonly ComparedTable[]): readonly ComparedTable[] {
  const size = ({ sql }: ComparedTable) => {
    try {
      return Number(db.prepare(`select count(*) from (select 1 from main.${sql} limit ${SMALL})`).pluck().get());
    } catch {
      return 0; // comparing it tells why
    }
  };
  return tables
    .map((table) => ({ table, size: size(table) }))
    .sort((a, b) => a.size - b.size)
    .map(({ table }) => table);
}
