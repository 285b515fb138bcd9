import { claim } from '../../guard/scopes.ts';
import type { Leak } from '../../leaks.ts';
import { type Place, placeOfCaller } from '../../place.ts';
import type { Session } from './session.ts';
import { Trail } from './trail.ts';

/** The part of a better-sqlite3 connection that is used here. */
export interface SqliteConnection {
  readonly inTransaction: boolean;
  exec(sql: string): unknown;
  prepare(sql: string): unknown;
  pragma(source: string): unknown;
  close(): unknown;
}

/** The part of a prepared statement that is used here. */
interface Statement {
  readonly source: string;
  /** Whether an iterator over its rows is open. */
  readonly busy: boolean;
  all(): unknown[];
  iterate(...values: unknown[]): Rows;
}

interface Rows {
  return(): unknown;
}

/** Connections refuse everything, also to be closed, while an iterator is open; nothing but `return()` closes one. */
type OpenRows = Map<Statement, { readonly rows: Rows; readonly place: Place }>;

/** A connection of better-sqlite3, which runs every statement at once. */
export function sqliteSession(connection: SqliteConnection): Session {
  const { exec, prepare } = connection;
  const trail = new Trail();
  const open: OpenRows = new Map();
  let refused: (() => Error) | undefined;
  claim(connection);

  const send = <T>(text: unknown, use: () => T): T => {
    if (refused) throw refused();
    trail.sent(text);
    return use();
  };
  let kind: object | undefined; // of all statements of this connection, which ask whether they may still be used
  connection.exec = (sql) => send(sql, () => exec.call(connection, sql));
  connection.prepare = (sql) => {
    const statement = send(sql, () => prepare.call(connection, sql)) as Statement;
    kind ??= watchedKind(Object.getPrototypeOf(statement), open, () => refused);
    return Object.setPrototypeOf(statement, kind);
  };

  return {
    trail,
    idle: true,
    running: undefined,
    inTransaction: () => connection.inTransaction,
    leftovers() {
      const cursors = [...closeRows(open)].map(([{ source }, { place }]) =>
        trail.leak('open-cursor', 'it left an iterator over the rows of a statement open, which was closed', {
          sql: source,
          place,
        }),
      );
      return [...cursors, ...leftIn(connection, trail, prepare)];
    },
    refuse(reason) {
      refused = reason;
      connection.pragma = () => {
        throw reason();
      };
    },
    end() {
      closeRows(open);
      if (connection.inTransaction) exec.call(connection, 'rollback');
      connection.close();
    },
  };
}

/** Statements with the methods of others, which are refused after the end and remember their iterators. */
function watchedKind(statement: object, open: OpenRows, refused: () => (() => Error) | undefined): object {
  const methods = statement as Record<string, (...values: unknown[]) => unknown>;
  const kind: Record<string, unknown> = Object.create(statement);
  for (const name of ['run', 'get', 'all', 'iterate']) {
    const method = methods[name];
    kind[name] = function (this: Statement, ...values: unknown[]) {
      const reason = refused();
      if (reason) throw reason();
      const result = method?.apply(this, values);
      if (name === 'iterate') {
        for (const statement of open.keys()) if (!statement.busy) open.delete(statement);
        open.set(this, { rows: result as Rows, place: placeOfCaller() });
      }
      return result;
    };
  }
  return kind;
}

/** Closes the iterators that are open, and answers them. */
function closeRows(open: OpenRows): OpenRows {
  const closed: OpenRows = new Map([...open].filter(([statement]) => statement.busy));
  for (const { rows } of closed.values()) rows.return();
  open.clear();
  return closed;
}

/** Asks only for what a statement may have left, since connections are many and leaks are few. */
function leftIn(connection: SqliteConnection, trail: Trail, prepare: SqliteConnection['prepare']): readonly Leak[] {
  const rows = <Row>(sql: string) => (prepare.call(connection, sql) as Statement).all() as Row[];
  const leaks: Leak[] = [];
  if (trail.steps('temporary-table').length > 0) {
    const tables = rows<{ name: string }>("select name from sqlite_temp_schema where type = 'table'");
    const names = tables.map(({ name }) => `"${name}"`).join(', ');
    if (names) leaks.push(trail.leak('temporary-table', `it left temporary tables on its connection: ${names}`));
  }
  if (trail.steps('attached-database').length > 0) {
    for (const { seq, name, file } of rows<{ seq: number; name: string; file: string }>('pragma database_list')) {
      if (seq < 2) continue; // the main one and the temporary one
      leaks.push(trail.leak('attached-database', `it left ${file || 'a database in memory'} attached as "${name}"`));
    }
  }
  return leaks;
}
