import { nextTurn } from '../real-time.ts';
import type { Leak } from './client.ts';

/** The part of a better-sqlite3 connection that is used here. */
export interface RawConnection {
  readonly inTransaction: boolean;
  readonly __knexUid?: string;
  exec(sql: string): unknown;
  prepare(sql: string): unknown;
}

/** The part of Knex's client that is used here; its own types leave these methods out. */
export interface KnexInternals {
  readonly pool: { release(connection: RawConnection): unknown } | undefined;
  acquireConnection(): Promise<RawConnection>;
  releaseConnection(connection: RawConnection): Promise<void>;
  on(event: 'query-error', listener: (error: unknown, query: FailedQuery) => void): unknown;
}

interface FailedQuery {
  readonly __knexUid?: string;
  /** Set for queries of Knex's own transactions. */
  readonly __knexTxId?: string;
}

/** What is known of the connections of one Knex instance. */
export interface Checkout {
  /** Whether a connection was ever asked for. */
  readonly connected: boolean;
  /** From now on every query fails with `reason()`, also through a transaction that is still open. */
  fence(reason: () => Error): void;
  /** Rolls back and returns what is still checked out, and says what that was. */
  takeBack(): Promise<readonly Leak[]>;
}

/**
 * Watches the connections that a Knex instance gives out, by wrapping the two methods of its client through which all
 * queries and transactions go. Also cures one fault of Knex 3: after a failed COMMIT, SQLite leaves the transaction
 * open and Knex gives the connection to the next caller, who would read rows that were never committed. A transaction
 * that the app began with a statement of its own stays open, as it does in production.
 */
export function trackCheckouts(client: KnexInternals): Checkout {
  const known = new Set<RawConnection>();
  const out = new Set<RawConnection>();
  const failed = new Set<string | undefined>();
  const waiting = new Set<Promise<RawConnection>>();
  const acquire = client.acquireConnection.bind(client);
  const release = client.releaseConnection.bind(client);
  let connected = false;
  let fenced: (() => Error) | undefined;
  const assertOpen = () => {
    if (fenced) throw fenced();
  };

  const checkOut = async () => {
    assertOpen();
    connected = true;
    const connection = await acquire();
    known.add(connection);
    out.add(connection);
    try {
      assertOpen(); // the test may have ended while its query waited
    } catch (error) {
      await client.releaseConnection(connection);
      throw error;
    }
    return connection;
  };

  client.acquireConnection = async () => {
    const attempt = checkOut();
    waiting.add(attempt);
    try {
      return await attempt;
    } finally {
      waiting.delete(attempt);
    }
  };
  client.releaseConnection = async (connection) => {
    // One that was taken back is in the pool already.
    if (!out.delete(connection)) return;
    if (failed.delete(connection.__knexUid) && connection.inTransaction) connection.exec('rollback');
    await release(connection);
  };
  client.on('query-error', (_error, { __knexUid, __knexTxId }) => {
    if (__knexTxId !== undefined) failed.add(__knexUid);
  });

  return {
    get connected() {
      return connected;
    },
    fence(reason) {
      fenced = reason;
    },
    async takeBack() {
      const leaks: Leak[] = [];
      while (out.size + waiting.size > 0) {
        await nextTurn(); // a query that has just finished is still on its way back
        for (const connection of out) {
          leaks.push(describe(connection));
          if (connection.inTransaction) connection.exec('rollback');
          if (fenced) refuse(connection, fenced);
          client.pool?.release(connection);
        }
        out.clear();
        // Whoever waited for one of them gets it now and is refused. Knex would print an error for those who still wait.
        await Promise.allSettled(waiting);
      }
      for (const connection of known) {
        if (!connection.inTransaction) continue;
        leaks.push(describe(connection)); // begun with a statement of the test's own; closing rolls it back
      }
      return leaks;
    },
  };
}

function describe(connection: RawConnection): Leak {
  return connection.inTransaction
    ? { kind: 'open-transaction', message: 'it left a transaction open, which was rolled back' }
    : { kind: 'unreleased-connection', message: 'it left a query or a connection unfinished, which was taken back' };
}

/** A transaction object keeps its connection, so the connection itself has to refuse. */
function refuse(connection: RawConnection, reason: () => Error): void {
  connection.prepare = () => {
    throw reason();
  };
}
