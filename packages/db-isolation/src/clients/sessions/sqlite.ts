import { claim } from '../../guard/scopes.ts';
import type { Leak } from '../../leaks.ts';
import { type Place, placeOfCaller } from '../../place.ts';
import type { Session } from './session.ts';
import { refusable, type Transaction, type Work } from './sqlite-transactions.ts';
import { Trail } from './trail.ts';

/** The part of a better-sqlite3 connection that is used here. */
export interface SqliteConnection {
  readonly inTransaction: boolean;
  exec(sql: string): unknown;
  prepare(sql: string): unknown;
  transaction(work: Work): object;
  close(): unknown;
}

/** What uses a database besides statements and transactions, or changes what they do. */
const OTHER_USES = ['pragma', 'backup', 'serialize', 'function', 'aggregate', 'table', 'loadExtension'];

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

/** A session whose connection the app may prepare for its use. */
export interface SqliteSession extends Session {
  /** What has been left in the connection by now belongs to the app's own preparation, and is no leak. */
  prepared(): void;
}

/** A connection of better-sqlite3, which runs every statement at once. */
export function sqliteSession(connection: SqliteConnection): SqliteSession {
  const { exec, prepare, transaction } = connection;
  const trail = new Trail();
  const open: OpenRows = new Map();
  let expected: ReadonlySet<string> = new Set();
  let refused: (() => Error) | undefined;
  claim(connection);

  let latest: object | undefined; // the statement that the trail ends with
  const send = <T>(text: unknown, use: () => T): T => {
    if (refused) throw refused();
    trail.sent(text);
    latest = undefined;
    return use();
  };
  const runs = (statement: Statement): void => {
    if (refused) throw refused();
    if (statement !== latest) trail.sent(statement.source); // it was prepared before something else
    latest = statement;
  };
  let kind: object | undefined; // of all statements of this connection, which ask whether they may still be used
  connection.exec = (sql) => send(sql, () => exec.call(connection, sql));
  connection.prepare = (sql) => {
    const statement = send(sql, () => prepare.call(connection, sql)) as Statement;
    latest = statement;
    kind ??= watchedKind(Object.getPrototypeOf(statement), open, runs);
    return Object.setPrototypeOf(statement, kind);
  };
  connection.transaction = (work) =>
    refusable(transaction.call(connection, work) as Transaction, () => {
      if (refused) throw refused();
    });

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
      const left = leftIn(connection, trail, prepare).filter(({ name }) => !expected.has(name));
      return [...cursors, ...leaksOf(left, trail)];
    },
    prepared() {
      expected = new Set(leftIn(connection, trail, prepare).map(({ name }) => name));
      trail.forget();
    },
    refuse(reason) {
      refused = reason;
      const refusal = () => {
        throw reason();
      };
      for (const use of OTHER_USES) Object.assign(connection, { [use]: refusal });
    },
    end() {
      closeRows(open);
      if (connection.inTransaction) exec.call(connection, 'rollback');
      connection.close();
    },
  };
}

/** Statements with the methods of others, which say when they are run and remember their iterators. */
function watchedKind(statement: object, open: OpenRows, runs: (statement: Statement) => void): object {
  const methods = statement as Record<string, (...values: unknown[]) => unknown>;
  const kind: Record<string, unknown> = Object.create(statement);
  for (const name of ['run', 'get', 'all', 'iterate']) {
    const method = methods[name];
    kind[name] = function (this: Statement, ...values: unknown[]) {
      runs(this);
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

/** A table or a database that was left in a connection, by the name under which SQL finds it. */
interface Left {
  readonly kind: 'temporary-table' | 'attached-database';
  readonly name: string;
  /** Of a database; empty for one in memory. */
  readonly file?: string;
}

/** Asks only for what a statement may have left, since connections are many and leaks are few. */
function leftIn(connection: SqliteConnection, trail: Trail, prepare: SqliteConnection['prepare']): readonly Left[] {
  const rows = <Row>(sql: string) => (prepare.call(connection, sql) as Statement).all() as Row[];
  const left: Left[] = [];
  if (trail.steps('temporary-table').length > 0) {
    const tables = rows<{ name: string }>("select name from sqlite_temp_schema where type = 'table'");
    left.push(...tables.map(({ name }) => ({ kind: 'temporary-table' as const, name })));
  }
  if (trail.steps('attached-database').length > 0) {
    const databases = rows<{ seq: number; name: string; file: string }>('pragma database_list');
    for (const { seq, name, file } of databases) {
      if (seq > 1) left.push({ kind: 'attached-database', name, file }); // the first two are the main and the temporary one
    }
  }
  return left;
}

function leaksOf(left: readonly Left[], trail: Trail): readonly Leak[] {
  const tables = left.filter(({ kind }) => kind === 'temporary-table').map(({ name }) => `"${name}"`);
  const leaks = left
    .filter(({ kind }) => kind === 'attached-database')
    .map(({ kind, name, file }) => trail.leak(kind, `it left ${file || 'a database in memory'} attached as "${name}"`));
  if (tables.length === 0) return leaks;
  return [trail.leak('temporary-table', `it left temporary tables on its connection: ${tables.join(', ')}`), ...leaks];
}
