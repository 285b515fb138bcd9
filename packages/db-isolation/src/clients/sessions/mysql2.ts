import type { Duplex } from 'node:stream';
import type mysql2 from 'mysql2';
import { claim, unguarded } from '../../guard/scopes.ts';
import { within } from '../../real-time.ts';
import { type Answer, isServerSetting, leftInMysql } from './mysql-leftovers.ts';
import { ANSWER_MS, connectError, type Running, type Session } from './session.ts';
import type { Sessions } from './sessions.ts';
import { Trail } from './trail.ts';

/** What this file needs of a mysql2 connection beyond its types. */
interface Internals {
  readonly stream: Duplex;
  /** What is being run. */
  readonly _command?: Command | null;
  /** All statements and everything else that is sent goes through this. */
  readonly addCommand: AddCommand;
  end(): void;
  /** `end` of a connection that belongs to a pool, whose own `end` only gives it back. */
  readonly _realEnd?: () => void;
  query: (...values: unknown[]) => unknown;
}

type AddCommand = (command: Command) => unknown;

interface Command extends NodeJS.EventEmitter {
  onResult?: (error: Error | null, ...results: unknown[]) => void;
  /** With the values in it, once it is sent. */
  readonly sql?: string;
  /** The text of what is to be prepared. */
  readonly query?: string;
  /** Set for what was prepared before. */
  readonly statement?: { readonly query?: string };
}

/** The command that ends a connection. */
const GOODBYE = 'Quit';

/** What is sent to end something is no use of a connection. */
const NO_USE = new Set(['CloseStatement', GOODBYE]);

/** The server tells with every answer whether a transaction is open. */
const SERVER_STATUS_IN_TRANS = 1;

/**
 * A connection of mysql2, in its callback form.
 *
 * @param connect makes another connection to the same server.
 */
export function mysql2Session(
  connection: mysql2.Connection,
  connect: () => mysql2.Connection,
  trail = new Trail(),
): Session {
  const internals = connection as unknown as Internals;
  connection.on('error', () => undefined); // a server that ends the connection must not end the process
  claim(internals.stream);

  // A command has the values in its text already; what the app has given has not.
  let text: string | undefined;
  const texts = new WeakMap<Command, string>();
  const query = internals.query.bind(connection);
  internals.query = (...values) => {
    const [given] = values as [string | { readonly sql?: string } | undefined];
    text = typeof given === 'string' ? given : given?.sql;
    try {
      return query(...values);
    } finally {
      text = undefined;
    }
  };
  const watch: AddCommand = (command) => {
    const sql = text ?? command.sql ?? command.statement?.query;
    if (sql !== undefined) {
      texts.set(command, sql);
      trail.sent(sql);
      const settings = trail.steps('server-setting');
      if (settings.at(-1)?.sql === sql && isServerSetting(sql)) noteSuccess(command, () => trail.changed(sql));
    }
    return addCommand.call(connection, command);
  };

  // mysql2 replaces the method itself when a connection ends, which must not undo a refusal.
  let { addCommand } = internals;
  let refused: AddCommand | undefined;
  let asking = false;
  Object.defineProperty(connection, 'addCommand', {
    get: () => refused ?? (asking ? addCommand : watch),
    set(value: AddCommand) {
      addCommand = value;
    },
  });
  /** Lets the library itself send something although the app may not. */
  const send = (use: () => void): void => {
    const before = refused;
    refused = undefined;
    asking = true;
    use();
    asking = false;
    refused = before;
  };
  const ask = (sql: string) =>
    new Promise<Answer & { readonly serverStatus?: number }>((resolve, reject) => {
      const command = (driverQuery: typeof query) =>
        driverQuery(sql, (error: Error | null, answer: never) => (error ? reject(error) : resolve(answer)));
      send(() => command(query));
    });

  const session: Session = {
    trail,
    get idle() {
      return connection.threadId !== null && !internals._command;
    },
    get running(): Running | undefined {
      const command = internals._command;
      if (!command) return undefined;
      // Rows that are handed out one by one, as a stream or an event.
      const streamed = !command.onResult && command.listenerCount('result') > 0;
      return { kind: streamed ? 'open-cursor' : 'running-query', sql: texts.get(command) };
    },
    async inTransaction() {
      // One that does not answer is about to be ended, and its transaction with it.
      const status = ask('do 0').then(({ serverStatus = 0 }) => serverStatus);
      const flags = await within(ANSWER_MS, status, () => new Error('late')).catch(() => 0);
      return (flags & SERVER_STATUS_IN_TRANS) !== 0;
    },
    async leftovers(others) {
      const leaks = leftInMysql(ask, trail, others);
      return within(ANSWER_MS, leaks, () => new Error('late')).catch(() => []); // it ends with whatever is left in it
    },
    refuse(reason) {
      refused = (command) => {
        // `execute` sends two: to prepare, whose failure is told to the caller, and to execute what was prepared.
        const second = command.constructor.name === 'Execute' && !command.statement;
        if (command.constructor.name === GOODBYE)
          process.nextTick(() => command.onResult?.(null)); // it is being ended
        else if (!second && !NO_USE.has(command.constructor.name)) process.nextTick(() => fail(command, reason()));
        return command;
      };
    },
    end(reason) {
      if (session.running) internals.stream.destroy(reason());
      else send(() => (internals._realEnd ?? internals.end).call(connection)); // says goodbye and does not wait
    },
    async stop() {
      if (!connection.threadId) return; // it was still connecting
      const other = unguarded(connect); // the app may not connect any more
      other.on('error', () => undefined);
      const killed = other.promise().query(`kill ${connection.threadId}`);
      await within(ANSWER_MS, killed, () => new Error('late')).catch(() => undefined);
      other.end();
    },
  };
  return session;
}

/** The settings for a URL. They name the database once more, for those who look for it there, as Knex does. */
export function mysql2Settings(url: string): { readonly uri: string; readonly database: string } {
  return { uri: url, database: decodeURIComponent(new URL(url).pathname.slice(1)) };
}

/** Runs a text that may hold several statements, on a connection of its own: the app's take only one at a time. */
export async function executeMysql2(
  driver: typeof mysql2,
  settings: mysql2.ConnectionOptions,
  sql: string,
  sessions: Sessions<object>,
): Promise<void> {
  sessions.assertOpen();
  const connect = () => driver.createConnection({ ...settings, multipleStatements: true });
  const connection = connect();
  sessions.add(connection, mysql2Session(connection, connect, new Trail(false)));
  sessions.lend(connection);
  const promised = connection.promise();
  try {
    await promised.connect().catch((error: unknown) => Promise.reject(connectError(error)));
    await promised.query(sql);
  } finally {
    sessions.remove(connection)?.end(() => new Error('The connection was closed.'));
  }
}

function noteSuccess(command: Command, succeeded: () => void): void {
  const { onResult } = command;
  if (!onResult) return void command.once('end', succeeded);
  command.onResult = (error, ...results) => {
    if (!error) succeeded();
    onResult.call(command, error, ...results);
  };
}

function fail(command: Command, error: Error): void {
  if (command.onResult) command.onResult(error);
  else if (command.listenerCount('error') > 0) command.emit('error', error);
}
