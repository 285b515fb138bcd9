import {
  databaseInUse,
  errorsIn,
  hasCode,
  type IsolationError,
  messageOf,
  noPermission,
  serverDiskFull,
  serverUnreachable,
  tooManyConnections,
} from '../../errors.ts';
import { quote } from './quote.ts';

// Five characters are SQLSTATE codes: https://www.postgresql.org/docs/current/errcodes-appendix.html
const REFUSED = ['28000', '28P01'];
const STARTING_OR_STOPPING = ['57P01', '57P02', '57P03'];
const NETWORK = [
  ...['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EAI_AGAIN', 'ENOENT', 'EACCES', 'EPIPE'],
  ...['ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH'],
];

/** What it means for the user that a connection could not be made or was lost; other errors as they are. */
export function connectionError(server: string, error: unknown): unknown {
  if (hasCode(error, '53300')) return tooManyConnections(`${server} says "${messageOf(error)}"`, error);
  if (hasCode(error, ...REFUSED)) return serverUnreachable(server, `it refuses the user (${messageOf(error)})`, error);
  if (hasCode(error, ...STARTING_OR_STOPPING, ...NETWORK)) return serverUnreachable(server, reason(error), error);
  // What pg throws without a code when it is not answered, or not by a PostgreSQL server.
  if (/timeout expired|Connection terminated|SSL|SASL/.test(messageOf(error))) {
    return serverUnreachable(server, messageOf(error), error);
  }
  return error;
}

/** What a failure to make a database means for the user. */
export function createError(server: string, user: string, error: unknown): unknown {
  if (hasCode(error, '42501')) return mayNotCreate(server, user, error);
  if (hasCode(error, '53100')) return serverDiskFull(server, error);
  return error;
}

/** A user who may connect, but not make databases. */
export function mayNotCreate(server: string, user: string, cause: unknown): IsolationError {
  return noPermission(server, `ALTER ROLE ${quote(user)} CREATEDB`, cause);
}

/** What a failure to drop a database means for the user. */
export function dropError(name: string, error: unknown): unknown {
  return hasCode(error, '55006', '42501') ? databaseInUse(name, messageOf(error), error) : error;
}

/** An address with several numbers fails once for each of them. */
function reason(error: unknown): string {
  const first = errorsIn(error)[0];
  return messageOf(first) || String((error as { code?: unknown }).code);
}
