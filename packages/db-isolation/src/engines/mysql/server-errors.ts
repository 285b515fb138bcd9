import {
  IsolationError,
  isErrorLike,
  messageOf,
  noPermission,
  serverDiskFull,
  serverUnreachable,
  tooManyConnections,
} from '../../errors.ts';
import type { ServerUrl } from './url.ts';

/** What the server calls the errors that this engine knows. */
const NUMBERS = {
  badDatabase: [1049, 1008],
  noSuchTable: [1146],
  lockWaitTimeout: [1205],
  /** What was to be killed has gone, or belongs to somebody else. */
  cannotKill: [1094, 1095],
  schemaReadOnly: [3989],
  databaseExists: [1007],
  /** Files that are not known to the server are where a database was. */
  directoryNotEmpty: [1010],
  sequenceRunOut: [4084],
  functionsNeedTrust: [1419],
  noPermission: [1044, 1142, 1143, 1227, 1370, 1419, 1410],
  tooManyConnections: [1040, 1203, 1226],
  diskFull: [1021, 1114],
} as const;

/** Whether the server reported one of the errors of this kind. */
export function isError(error: unknown, kind: keyof typeof NUMBERS): boolean {
  const number = isErrorLike(error) ? error.errno : undefined;
  return (NUMBERS[kind] as readonly unknown[]).includes(number);
}

/** Whether the server does not accept a statement for what it says, and not for its own state or the user's rights. */
export function isRejection(error: unknown): boolean {
  if (!isErrorLike(error) || !('sqlState' in error) || error.fatal === true) return false;
  return (
    statementError('', '', error) === error && !isError(error, 'badDatabase') && !isError(error, 'lockWaitTimeout')
  );
}

/** What failing to connect means. That one database is not there, or may not be seen, is left as the driver says it. */
export function connectError(url: ServerUrl, error: unknown): unknown {
  if (error instanceof IsolationError || isError(error, 'badDatabase') || isError(error, 'noPermission')) return error;
  if (isError(error, 'tooManyConnections')) return tooManyConnections(`${url.shown} says "${messageOf(error)}"`, error);
  return serverUnreachable(url.shown, reason(error, url.user), error);
}

/** What a failed statement means: lack of rights or space is explained, everything else is left as it is. */
export function statementError(server: string, account: string, error: unknown): unknown {
  if (error instanceof IsolationError) return error;
  if (isError(error, 'noPermission')) return noPermission(server, remedy(error, account), error);
  const full =
    isError(error, 'diskFull') ||
    /no space left|temp file write failure|errno(?:code)?: "?28\b|errcode: "?28\b/i.test(messageOf(error));
  return full ? serverDiskFull(server, error) : error;
}

/**
 * A statement that an administrator can run. Most rights are those to databases of the library; the server names others,
 * such as the one to make something in the name of another user.
 *
 * @param account as the statement needs it: `'user'@'host'`.
 */
function remedy(error: unknown, account: string): string {
  if (isError(error, 'functionsNeedTrust')) return 'SET GLOBAL log_bin_trust_function_creators = 1';
  const named = /need \(at least one of\) the (.+) privilege/
    .exec(messageOf(error))?.[1]
    ?.split(/, | or /)
    .at(-1);
  return named === undefined
    ? `GRANT ALL PRIVILEGES ON \`dbi\\_%\`.* TO ${account}`
    : `GRANT ${named} ON *.* TO ${account}`;
}

function reason(error: unknown, user: string): string {
  const code = isErrorLike(error) && 'code' in error ? String(error.code) : '';
  switch (code) {
    case 'ECONNREFUSED':
      return 'nothing listens there (connection refused)';
    case 'ENOENT':
      return 'the socket file does not exist';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'the name of the host is not known';
    case 'ETIMEDOUT':
      return 'it does not answer in time';
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'there is no way to the host';
    case 'ER_ACCESS_DENIED_ERROR':
    case 'ER_ACCESS_DENIED_NO_PASSWORD_ERROR':
      return `it refuses the user "${user}" or the password`;
    default:
      return messageOf(error) || code;
  }
}
