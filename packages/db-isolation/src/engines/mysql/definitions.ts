import type { Definition, Definitions } from '../definitions.ts';
import type { MysqlConnection } from './connection.ts';
import { pieces, withName } from './pieces.ts';
import { type EventSet, readPrograms } from './programs.ts';
import { identifier, text } from './quoting.ts';

/**
 * Reads how everything in a database is defined, whatever its name is.
 *
 * @param enabledEvents events to take for enabled though they are not.
 */
export async function readDefinitions(
  connection: MysqlConnection,
  database: string,
  enabledEvents: EventSet,
): Promise<Definitions> {
  const schema = text(database);
  const [objects = [], triggers = []] = await connection.queries([
    `select table_name, table_type from information_schema.tables
     where table_schema = ${schema} and table_type not like 'TEMPORARY%' order by table_name`,
    `select trigger_name, event_object_table from information_schema.triggers where trigger_schema = ${schema}`,
  ]);
  const isView = (type: unknown) => type === 'VIEW' || type === 'SYSTEM VIEW';
  const named = objects.map((row) => ({ name: String(row['table_name']), type: row['table_type'] }));
  const tables = named.filter(({ type }) => !isView(type));
  const shown = await connection.queries(
    tables.map(({ name }) => `show create table ${identifier(database)}.${identifier(name)}`),
  );
  const nameless = (sql: string) => withName(pieces(sql, database), 'database');
  const ofTables = tables.flatMap(({ name, type }, i) =>
    tableDefinitions(
      type === 'SEQUENCE' ? 'sequence' : 'table',
      name,
      nameless(String(shown[i]?.[0]?.['create table'])),
    ),
  );
  const views = named.filter(({ type }) => isView(type)).map(({ name }) => name);
  const programs = (await readPrograms(connection, database, views, enabledEvents)).map((program) => {
    const { kind, name, sqlMode, charset, collation, timeZone } = program;
    const table = triggers.find((row) => kind === 'trigger' && row['trigger_name'] === name)?.['event_object_table'];
    const definition = JSON.stringify([nameless(program.ddl), sqlMode, charset, collation, timeZone]);
    const owner = table === undefined ? {} : { of: `table ${String(table)}` };
    return [`${kind} ${name}`, { text: definition, ...owner }] as const;
  });
  return new Map<string, Definition>([...ofTables, ...programs]);
}

/** A table and its indexes, whose names are its own. */
function tableDefinitions(kind: string, name: string, ddl: string): readonly (readonly [string, Definition])[] {
  // Every insert moves the counter.
  const lines = ddl.replace(/(\n\).*?) AUTO_INCREMENT=\d+/, '$1').split('\n');
  const indexes: [string, Definition][] = [];
  const others: string[] = [];
  for (const line of lines.map((each) => each.replace(/,$/, ''))) {
    const index = /^ {2}(?:(?:UNIQUE|FULLTEXT|SPATIAL) )?KEY `((?:[^`]|``)+)`/.exec(line)?.[1];
    if (index === undefined) others.push(line);
    else indexes.push([`index ${name}.${index.replaceAll('``', '`')}`, { text: line, of: `${kind} ${name}` }]);
  }
  return [[`${kind} ${name}`, { text: others.join('\n') }], ...indexes];
}
