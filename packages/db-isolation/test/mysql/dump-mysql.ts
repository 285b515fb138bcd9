import mysql, { type Connection, type RowDataPacket } from 'mysql2/promise';

/** Columns that differ between two databases whatever is in them: when something was made, where it lies, estimates. */
const INCIDENTAL = new Set([
  ...['CREATE_TIME', 'UPDATE_TIME', 'CHECK_TIME', 'CREATED', 'Created', 'LAST_ALTERED', 'LAST_EXECUTED'],
  ...['TABLE_ROWS', 'AVG_ROW_LENGTH', 'DATA_LENGTH', 'MAX_DATA_LENGTH', 'INDEX_LENGTH', 'DATA_FREE', 'CARDINALITY'],
]);

/** What the server tells about all objects of a database, with the column that says which one an object belongs to. */
const CATALOGUES: Readonly<Record<string, string>> = {
  schemata: 'schema_name',
  tables: 'table_schema',
  columns: 'table_schema',
  statistics: 'table_schema',
  table_constraints: 'table_schema',
  key_column_usage: 'table_schema',
  referential_constraints: 'constraint_schema',
  check_constraints: 'constraint_schema',
  partitions: 'table_schema',
  views: 'table_schema',
  triggers: 'trigger_schema',
  routines: 'routine_schema',
  parameters: 'specific_schema',
  events: 'event_schema',
};

/** Everything in a database that can be told apart from outside, with `?` instead of its name. */
export async function dumpMysql(url: string, database: string): Promise<unknown> {
  const connection = await mysql.createConnection({ uri: url, dateStrings: true, supportBigNumbers: true });
  try {
    await connection.query("set time_zone = '+00:00'");
    const catalogues: Record<string, readonly object[]> = {};
    for (const [name, column] of Object.entries(CATALOGUES)) {
      catalogues[name] = await select(connection, `select * from information_schema.${name} where ${column} = ?`, [
        database,
      ]);
    }
    const dump = { catalogues, ...(await statementsAndRows(connection, database)) };
    return JSON.parse(JSON.stringify(dump).replaceAll(database, '?')) as unknown;
  } finally {
    await connection.end();
  }
}

async function statementsAndRows(connection: Connection, database: string) {
  const objects = await select(
    connection,
    `select 'table' as kind, table_name as name, table_type as type from information_schema.tables where table_schema = ?
     union all select 'trigger', trigger_name, '' from information_schema.triggers where trigger_schema = ?
     union all select lower(routine_type), routine_name, '' from information_schema.routines where routine_schema = ?
     union all select 'event', event_name, '' from information_schema.events where event_schema = ?`,
    [database, database, database, database],
  );
  const definitions = [await select(connection, `show create database ${database}`)];
  const rows: Record<string, readonly object[]> = {};
  for (const { kind, name, type } of objects as readonly Record<string, string>[]) {
    const full = `${database}.\`${name?.replaceAll('`', '``')}\``;
    definitions.push(await select(connection, `show create ${kind} ${full}`));
    if (kind !== 'table' || type === 'VIEW') continue;
    const isVersioned = type === 'SYSTEM VERSIONED';
    const period = await select(
      connection,
      `select column_name as name from information_schema.columns where table_schema = ? and table_name = ?
       and generation_expression in ('ROW START', 'ROW END')`,
      [database, name ?? ''],
    );
    const names = period.length > 0 ? period.map((row) => Object.values(row)[0]) : ['row_start', 'row_end'];
    const history = isVersioned ? `, ${names.join(', ')}` : '';
    const all = isVersioned ? 'for system_time all' : '';
    rows[`${name}`] = [
      // Sums tell what text does not, such as the last digits of a FLOAT; they leave out old versions of rows.
      ...(await select(connection, `checksum table ${full}`)),
      ...(await select(connection, `select *${history} from ${full} ${all}`)),
    ];
  }
  return { definitions, rows };
}

/** In a stable order. */
async function select(connection: Connection, sql: string, values: readonly string[] = []): Promise<readonly object[]> {
  const [rows] = await connection.query<RowDataPacket[]>(sql, [...values]);
  const kept = rows.map((row) => Object.fromEntries(Object.entries(row).filter(([name]) => !INCIDENTAL.has(name))));
  return kept.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}
