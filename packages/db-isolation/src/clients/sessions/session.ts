import { hasCode, messageOf, tooManyConnections } from '../../errors.ts';
import type { Leak } from '../../leaks.ts';
import type { Trail } from './trail.ts';

/** One connection of a driver, as far as the end of a test needs it. */
export interface Session {
  /** What it has been used for. */
  readonly trail: Trail;
  /** Whether it can be asked something now: it is connected, and nothing is running. */
  readonly idle: boolean;
  /** What was sent and has not been answered to its end yet. */
  readonly running: Running | undefined;
  /** Whether a transaction is open. Asked only while nothing is running. */
  inTransaction(): boolean | Promise<boolean>;
  /**
   * What else has been left behind in it. Asked only while it is idle and in no transaction; bounded, never rejects.
   *
   * @param others whether it shall also look for connections of other processes.
   */
  leftovers(others?: Others): readonly Leak[] | Promise<readonly Leak[]>;
  /** Makes every later statement fail with this reason, whoever holds the connection. */
  refuse(reason: () => Error): void;
  /** Ends the session without waiting for the server. What is running fails with this reason. */
  end(reason: () => Error): void;
  /** Stops on the server what was running when the session was ended; bounded, and never rejects. */
  stop?(): Promise<void>;
}

/** A statement or a cursor. */
export interface Running {
  readonly kind: 'running-query' | 'open-cursor';
  /** Undefined for what is not a statement. */
  readonly sql: string | undefined;
}

/** What is known of the connections to a database, for finding those that are not known. */
export interface Others {
  /** The local ports of those of this process. */
  readonly ownPorts: ReadonlySet<number>;
  /** How many of them the client has. */
  readonly own: number;
}

/** A connection as the server knows it, which may be one that this process does not know. */
export interface Stranger {
  /** The server's number for it. */
  readonly id: string;
  readonly port: number;
  /** Whether it is the one that asks. */
  readonly asks: boolean;
  /** Such as `psql (process 4711, idle)`. */
  readonly what: string;
}

/** How long a server may take for a question that it answers at once when it is well, in milliseconds. */
export const ANSWER_MS = 500;

/** PostgreSQL's SQLSTATE, then the names that mysql2 gives to the errors 1040, 1203 and 1226. */
const NO_ROOM = ['53300', 'ER_CON_COUNT_ERROR', 'ER_TOO_MANY_USER_CONNECTIONS', 'ER_USER_LIMIT_REACHED'];

/** What a failure to connect means for the user. */
export function connectError(error: unknown): unknown {
  return hasCode(error, ...NO_ROOM) ? tooManyConnections(`it says "${messageOf(error)}"`, error) : error;
}
