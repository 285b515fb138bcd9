import { claiming } from '../guard/scopes.ts';
import type { Leak } from '../leaks.ts';
import { placeOfCaller, TRACING } from '../place.ts';
import type { Session } from './sessions/session.ts';
import { Sessions } from './sessions/sessions.ts';
import { NOWHERE } from './sessions/trail.ts';

/** What Knex adds to a connection of whatever driver. */
interface RawConnection {
  readonly __knexUid?: string;
}

/** The part of Knex's client that is used here; its own types leave these methods out. */
export interface KnexInternals {
  readonly driver: unknown;
  readonly connectionSettings: object;
  readonly pool: { release(connection: RawConnection): unknown } | undefined;
  acquireRawConnection(): Promise<RawConnection>;
  destroyRawConnection(connection: RawConnection): Promise<void>;
  acquireConnection(): Promise<RawConnection>;
  releaseConnection(connection: RawConnection): Promise<void>;
  runner(builder: unknown): { run(): unknown };
  transaction(...values: unknown[]): KnexTransaction;
  stream(connection: RawConnection, query: { readonly sql?: string }, ...rest: unknown[]): unknown;
  on(event: 'query-error', listener: (error: unknown, query: FailedQuery) => void): unknown;
}

/** A transaction that takes its connection a little later than it is made. */
interface KnexTransaction {
  acquireConnection(config: unknown, use: (connection: RawConnection) => unknown): unknown;
}

interface FailedQuery {
  readonly __knexUid?: string;
  /** Set for queries of Knex's own transactions. */
  readonly __knexTxId?: string;
}

/** How the connections of one driver are handled. */
export interface KnexDriver<Connection> {
  startSession(connection: Connection, client: KnexInternals): Session;
  /** Whether a statement is over as soon as it is sent: a builder then cannot leave it running. */
  readonly answersAtOnce?: boolean;
  /** Rolls back what a failed COMMIT has left open, where the database leaves it open. */
  afterFailedCommit?(connection: Connection): void;
}

/** What is known of the connections of one Knex instance. */
export interface Checkouts {
  readonly sessions: Sessions<RawConnection>;
  /** Rolls back and ends everything, and says what had been left open. */
  takeBack(ownPorts?: ReadonlySet<number>): Promise<readonly Leak[]>;
}

/**
 * Watches the connections of a Knex instance, by wrapping the methods of its client through which all connections are
 * made, ended, given out and given back. Also cures one fault of Knex 3: after a failed COMMIT, SQLite leaves the
 * transaction open and Knex gives the connection to the next caller, who would read rows that were never committed. A
 * transaction that the app began with a statement of its own stays open, as it does in production.
 */
export function trackCheckouts<Connection>(client: KnexInternals, driver: KnexDriver<Connection>): Checkouts {
  const sessions = new Sessions<RawConnection>();
  const failed = new Set<string | undefined>();
  const make = client.acquireRawConnection.bind(client);
  const acquire = client.acquireConnection.bind(client);
  const release = client.releaseConnection.bind(client);

  let ofBuilder = false; // whether a builder asks for a connection at this moment, and not the app itself
  const makeRunner = client.runner.bind(client);
  client.runner = (builder) => {
    const runner = makeRunner(builder);
    const run = runner.run.bind(runner);
    runner.run = () => {
      ofBuilder = true;
      try {
        return run();
      } finally {
        ofBuilder = false;
      }
    };
    return runner;
  };

  client.acquireRawConnection = async () => {
    const connection = await claiming(make);
    sessions.add(connection, driver.startSession(connection as Connection, client));
    return connection;
  };
  client.destroyRawConnection = async (connection) => {
    sessions.remove(connection)?.end(() => new Error('The pool has closed this connection.'));
  };
  client.acquireConnection = async () => {
    const nobodyAsks = ofBuilder && driver.answersAtOnce && !TRACING;
    const connection = await sessions.request(acquire, release, nobodyAsks ? NOWHERE : placeOfCaller());
    sessions.lend(connection);
    return connection;
  };
  client.releaseConnection = async (connection) => {
    // One that was taken back is in the pool already.
    if (!sessions.giveBack(connection)) return;
    if (failed.delete(connection.__knexUid) && !sessions.fenced) driver.afterFailedCommit?.(connection as Connection);
    await release(connection);
  };
  // A builder asks for its connection when it is awaited, with nothing of the app on the stack; these two do not.
  const begin = client.transaction.bind(client);
  client.transaction = (...values) => {
    const place = placeOfCaller();
    const transaction = begin(...values);
    const take = transaction.acquireConnection.bind(transaction);
    transaction.acquireConnection = (config, use) =>
      take(config, (connection) => {
        sessions.trailOf(connection)?.taken(place);
        return use(connection);
      });
    return transaction;
  };
  const stream = client.stream.bind(client);
  client.stream = (connection, query, ...rest) => {
    sessions.stream(connection, query.sql);
    return stream(connection, query, ...rest);
  };
  client.on('query-error', (_error, { __knexUid, __knexTxId }) => {
    if (__knexTxId !== undefined) failed.add(__knexUid);
  });

  return {
    sessions,
    async takeBack(ownPorts) {
      const leaks = await sessions.leaks(ownPorts);
      // Whoever waits for a connection has been refused, but Knex would print an error for one that never comes.
      await sessions.takeBack((connection) => client.pool?.release(connection));
      await sessions.end();
      return leaks;
    },
  };
}
