import type { Row } from '../server/dialect.ts';
import type { MysqlConnection } from './connection.ts';
import type { Inventory } from './inventory.ts';
import { identifier, text } from './quoting.ts';

/** Something whose text is kept by the server together with the settings under which it was made. */
export interface Program {
  readonly kind: 'view' | 'function' | 'procedure' | 'package' | 'package body' | 'trigger' | 'event';
  readonly name: string;
  /** Empty when the user may not read it. */
  readonly ddl: string;
  readonly sqlMode: string | undefined;
  readonly charset: string;
  readonly collation: string;
  /** The collation that the database had then. */
  readonly databaseCollation: string | undefined;
  readonly timeZone: string | undefined;
  /** When it was made, in seconds since 1970, if it can only be made before a time that has passed. */
  readonly timestamp: string | undefined;
  /** Whether it is an event that runs by itself. */
  readonly isEnabled: boolean;
}

/** All kinds, in the order in which they can be made, but for views that depend on each other. */
export const KINDS = [
  'function',
  'procedure',
  'package',
  'package body',
  'view',
  'trigger',
  'event',
] as const satisfies readonly Program['kind'][];

type Found = Pick<Program, 'kind' | 'name' | 'timestamp' | 'isEnabled'>;

/** Events by their position in the order of their names: a bit is set for each that is meant. */
export type EventSet = bigint;

/**
 * Reads all programs of a database.
 *
 * @param enabledEvents events to take for enabled though they are not.
 */
export async function readPrograms(
  connection: MysqlConnection,
  database: string,
  views: readonly string[],
  enabledEvents: EventSet,
): Promise<readonly Program[]> {
  const schema = text(database);
  const [routines = [], triggers = [], events = []] = await connection.queries([
    `select routine_name, routine_type from information_schema.routines where routine_schema = ${schema}
     order by routine_name`,
    // In this order each comes after those that fire before it.
    `select trigger_name from information_schema.triggers where trigger_schema = ${schema}
     order by event_object_table, event_manipulation, action_timing, action_order`,
    // Execution is told in the time zone of the event.
    `select event_name, status, if(execute_at < now() + interval 1 day, unix_timestamp(created), null) as timestamp
     from information_schema.events where event_schema = ${schema} order by event_name`,
  ]);
  const found: readonly Found[] = [
    ...routines.map((row) => plain(String(row['routine_type']).toLowerCase() as Program['kind'], row['routine_name'])),
    ...views.map((name) => plain('view', name)),
    ...triggers.map((row) => plain('trigger', row['trigger_name'])),
    ...events.map((row, i) => ({
      ...plain('event', row['event_name']),
      timestamp: row['timestamp'] === null ? undefined : String(row['timestamp']),
      isEnabled: row['status'] === 'ENABLED' || hasEvent(enabledEvents, i),
    })),
  ];
  const shown = await connection.queries(
    found.map(({ kind, name }) => `show create ${kind} ${identifier(database)}.${identifier(name)}`),
  );
  return found.map((each, i) => program(each, shown[i]?.[0] ?? {}));
}

/** Statements that make all programs; each changes the session to the settings that it needs. */
export function programStatements({ programs, database, collation }: Inventory): readonly string[] {
  const ordered = KINDS.flatMap((kind) => {
    const some = programs.filter((each) => each.kind === kind);
    return kind === 'view' ? byDependency(some, database) : some;
  });
  return ordered.map((each) => {
    const settings = [
      `sql_mode = ${text(each.sqlMode ?? '')}`,
      `character_set_client = ${each.charset}`,
      `collation_connection = ${each.collation}`,
      ...(each.timeZone === undefined ? [] : [`time_zone = ${text(each.timeZone)}`]),
      ...(each.timestamp === undefined ? [] : [`timestamp = ${each.timestamp}`]),
    ];
    const clock = each.timestamp === undefined ? [] : ['set timestamp = default'];
    const create = [`set ${settings.join(', ')}`, each.ddl, ...clock];
    if (each.databaseCollation === undefined || each.databaseCollation === collation) return create.join('\n;\n');
    const collate = (name: string) => `alter database ${identifier(database)} collate ${name}`;
    return [collate(each.databaseCollation), ...create, collate(collation)].join('\n;\n');
  });
}

function plain(kind: Program['kind'], name: unknown): Found {
  return { kind, name: String(name), timestamp: undefined, isEnabled: false };
}

function hasEvent(events: EventSet, position: number): boolean {
  return ((events >> BigInt(position)) & 1n) === 1n;
}

function program(found: Found, row: Row): Program {
  const ddl = String(row[found.kind === 'trigger' ? 'sql original statement' : `create ${found.kind}`] ?? '');
  const setting = (name: string) => (row[name] === undefined ? undefined : String(row[name]));
  return {
    ...found,
    ddl: found.isEnabled ? withStatus(ddl, 'ENABLE') : ddl,
    sqlMode: setting('sql_mode'),
    charset: setting('character_set_client') ?? '',
    collation: setting('collation_connection') ?? '',
    databaseCollation: setting('database collation'),
    timeZone: setting('time_zone'),
  };
}

/** Gives the statement that makes an event another status, which stands between the schedule and the body. */
export function withStatus(ddl: string, status: 'ENABLE' | 'DISABLE'): string {
  const name = '(?:`(?:[^`]|``)*`|"(?:[^"]|"")*")';
  const head = `CREATE DEFINER=${name}(?:@${name})? EVENT ${name} ON SCHEDULE (?:'[^']*'|[^'])*? ON COMPLETION (?:NOT )?PRESERVE `;
  return ddl.replace(new RegExp(`^(${head})(?:ENABLE|DISABLE)\\b`), `$1${status}`);
}

/** Views in an order in which each comes after those that it is made of. The server writes their names in full. */
function byDependency(views: readonly Program[], database: string): readonly Program[] {
  const byName = new Map(views.map((view) => [view.name, view]));
  const done = new Set<Program>();
  const visit = (view: Program): void => {
    if (done.has(view)) return;
    done.add(view);
    for (const [name, other] of byName) {
      if (view.ddl.includes(`${identifier(database)}.${identifier(name)}`)) visit(other);
    }
    ordered.push(view);
  };
  const ordered: Program[] = [];
  for (const view of views) visit(view);
  return ordered;
}
