import { once } from 'node:events';
import { createConnection } from 'node:net';
import type pg from 'pg';
import { claim } from '../../guard/scopes.ts';
import { sleep, within } from '../../real-time.ts';
import { leftInPg, SERVER_SETTINGS } from './pg-leftovers.ts';
import { ANSWER_MS, connectError, type Running, type Session } from './session.ts';
import type { Sessions } from './sessions.ts';
import { type Step, Trail } from './trail.ts';

/** What this file needs of a pg client beyond its types. */
interface Internals {
  /** Undefined until it is connected, then false from sending a statement until the server is ready for the next one. */
  readonly readyForQuery?: boolean;
  readonly host: string;
  readonly port: number;
  /** Both are null until it is connected. */
  readonly processID: number | null;
  readonly secretKey: number | null;
  /** Whether the app or the pool has ended it: the server then rolls back and forgets whatever is left in it. */
  readonly _ending?: boolean;
  /** What is being run; versions before 8.17 have it under the other name. */
  readonly _activeQuery?: Active | null;
  readonly activeQuery?: Active | null;
  query: unknown;
}

/** A query, or a cursor, whose classes come with packages of their own. */
interface Active {
  readonly text?: string;
  /** Only cursors and streams have it. */
  readonly read?: unknown;
  /** The cursor of a stream. */
  readonly cursor?: { readonly text?: string };
}

interface Submittable extends Active {
  submit?: unknown;
  callback?: unknown;
  handleError(error: Error, connection: pg.Connection): void;
}

/** A connection of pg. */
export function pgSession(client: pg.Client, trail = new Trail()): Session {
  const internals = client as unknown as Internals;
  const protocol = client.connection;
  const query = client.query.bind(client) as (
    sql: string,
    done: (error: unknown, result: pg.QueryResult) => void,
  ) => void;
  let status = 'I'; // idle; T and E: in a transaction, which has failed
  let failed = false; // the statement has been answered, but the server is not ready for the next one yet
  let settings: Step[] = []; // changed, unless the transaction is rolled back
  protocol.on('readyForQuery', (message: { status: string }) => {
    status = message.status;
    failed = false;
    if (status === 'I' && settings.length > 0) {
      trail.settings.push(...settings);
      settings = [];
    }
  });
  protocol.on('commandComplete', ({ text }: { text: string }) => {
    if (text === 'ROLLBACK') settings = [];
    else if (SERVER_SETTINGS.has(text)) settings.push(trail.stepOf('server-setting', sqlOf(active(internals))));
  });
  protocol.on('errorMessage', () => {
    failed = true;
  });
  client.on('error', () => undefined); // a server that ends the connection must not end the process
  claim(protocol.stream);

  const watched = internals.query as (...values: unknown[]) => unknown;
  internals.query = (...values: unknown[]) => {
    const [given] = values;
    trail.sent(typeof given === 'string' ? given : sqlOf(given as Active | undefined));
    return watched.apply(client, values);
  };
  const rows = (sql: string) =>
    new Promise<readonly Record<string, unknown>[]>((resolve, reject) => {
      query(sql, (error, result) => (error ? reject(error) : resolve(result.rows)));
    });

  const session: Session = {
    trail,
    get idle() {
      return internals.readyForQuery === true && !internals._ending;
    },
    get running(): Running | undefined {
      if (internals.readyForQuery !== false || failed || internals._ending) return undefined;
      const running = active(internals);
      return { kind: running && 'read' in running ? 'open-cursor' : 'running-query', sql: sqlOf(running) };
    },
    async inTransaction() {
      if (internals._ending) return false;
      if (internals.readyForQuery === false) await ready(protocol);
      return status !== 'I';
    },
    async leftovers(others) {
      const leaks = leftInPg(rows, trail, others);
      return within(ANSWER_MS, leaks, () => new Error('late')).catch(() => []); // it ends with whatever is left in it
    },
    refuse(reason) {
      internals.query = refusal(protocol, reason);
    },
    end(reason) {
      const connecting = internals.readyForQuery === undefined;
      if (session.running || connecting) protocol.stream.destroy(reason());
      client.end(() => undefined); // says goodbye, which the server need not answer
    },
    async stop() {
      await within(ANSWER_MS, cancelForSure(internals), () => new Error('late')).catch(() => undefined);
    },
  };
  return session;
}

/**
 * Runs a text that may hold several statements, on a connection of its own: what a dump sets for its session, such as
 * an empty `search_path`, does not reach the app's connections.
 */
export async function executePg(
  Client: typeof pg.Client,
  settings: pg.ClientConfig,
  sql: string,
  sessions: Sessions<object>,
): Promise<void> {
  sessions.assertOpen();
  const client = new Client(settings);
  sessions.add(client, pgSession(client, new Trail(false)));
  sessions.lend(client);
  try {
    await client.connect().catch((error: unknown) => Promise.reject(connectError(error)));
    await client.query(sql);
  } finally {
    sessions.remove(client)?.end(() => new Error('The connection was closed.'));
  }
}

function active(internals: Internals): Active | undefined {
  return ('_activeQuery' in internals ? internals._activeQuery : internals.activeQuery) ?? undefined;
}

function sqlOf(query: Active | undefined): string | undefined {
  return query?.text ?? query?.cursor?.text;
}

async function ready(protocol: pg.Connection): Promise<void> {
  await within(ANSWER_MS, once(protocol, 'readyForQuery'), () => new Error('late')).catch(() => undefined);
}

/** A request that comes before the server has read the statement is lost, and nobody tells: so there are several. */
async function cancelForSure(internals: Internals): Promise<void> {
  for (let request = 0; request < CANCEL_REQUESTS; request += 1) {
    if (request > 0) await sleep(CANCEL_INTERVAL_MS);
    await cancel(internals);
  }
}

const CANCEL_REQUESTS = 4;
const CANCEL_INTERVAL_MS = 50;

/** A request to cancel a query, which goes over a connection of its own and needs no user: PostgreSQL's protocol, 53.2.9. */
async function cancel({ host, port, processID, secretKey }: Internals): Promise<void> {
  if (processID === null || secretKey === null) return; // it was still connecting
  const socket = host.startsWith('/') ? createConnection(`${host}/.s.PGSQL.${port}`) : createConnection(port, host);
  const request = Buffer.alloc(16);
  for (const [index, value] of [request.length, CANCEL_REQUEST, processID, secretKey].entries()) {
    request.writeInt32BE(value, 4 * index);
  }
  socket.end(request);
  socket.resume();
  await once(socket, 'close'); // the server has passed it on
}

const CANCEL_REQUEST = 80877102;

/** In place of a client's `query`, in all of its forms. */
function refusal(protocol: pg.Connection, reason: () => Error) {
  return (query: Submittable | string, ...rest: unknown[]): unknown => {
    const given = typeof query === 'object' ? query : undefined;
    if (given && typeof given.submit === 'function') {
      process.nextTick(() => given.handleError(reason(), protocol));
      return given;
    }
    const callback = [...rest, given?.callback].find((value) => typeof value === 'function');
    if (!callback) return Promise.reject(reason());
    process.nextTick(callback as (error: Error) => void, reason());
    return undefined;
  };
}
