import { type Config, ConfigError } from './config.ts';
import { dialectOfUrl, shownUrl } from './db/database-url.ts';
import { LockedOutError } from './db/exclusively.ts';
import { NewerSchemaError } from './db/migrate.ts';
import { serverReason } from './db/server-reason.ts';
import { UnsuitableServerError } from './db/unsuitable-server.ts';

/** The service cannot start; the message is one line that says what to do about it. */
export class StartupError extends Error {
  override name = 'StartupError';
}

/** Where to listen. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** The variables that say where to listen. */
export interface AddressNames {
  readonly host: string;
  readonly port: string;
}

/** One line about why the service could not start. */
export function startupLine(error: unknown): string {
  if (error instanceof StartupError || error instanceof ConfigError) {
    return error.message;
  }
  return `The service could not start: ${firstLine(error)}`;
}

/** What went wrong with opening or migrating the database. */
export function databaseFailure(cause: unknown, { databaseUrl }: Config): StartupError {
  const message = error(cause).message;
  const code = codeOf(cause);
  if (/bindings file|\.node\b/.test(message) || code === 'ERR_DLOPEN_FAILED') {
    const line =
      'The native module of better-sqlite3 is not built for this Node.js: run npx --yes pnpm@10.34.9 rebuild better-sqlite3';
    return new StartupError(line, { cause });
  }
  const reason = databaseReason(cause, databaseUrl);
  return new StartupError(`Cannot use the database ${shownUrl(databaseUrl)}: ${reason} (DATABASE_URL)`, { cause });
}

/** What went wrong with the directory for documents. */
export function storageFailure(cause: unknown, { storageDirectory }: Config): StartupError {
  const reason = fileReason(codeOf(cause)) ?? firstLine(cause);
  return new StartupError(`Cannot write documents to ${storageDirectory}: ${reason} (STORAGE_DIR)`, { cause });
}

/** What went wrong with loading what records traces. */
export function tracingFailure(cause: unknown): StartupError {
  const line =
    codeOf(cause) === 'ERR_MODULE_NOT_FOUND'
      ? 'the packages @opentelemetry/* are not installed: install optional dependencies'
      : firstLine(cause);
  return new StartupError(`Cannot send traces: ${line} (OTEL_EXPORTER_OTLP_ENDPOINT)`, { cause });
}

/** What went wrong with listening at an address that two variables name. */
export function listenFailure(cause: unknown, { host, port }: Address, names: AddressNames): StartupError {
  switch (codeOf(cause)) {
    case 'EADDRINUSE':
      return new StartupError(`Port ${port} of ${host} is in use: stop the other program or set ${names.port}`, {
        cause,
      });
    case 'EACCES':
      return new StartupError(`Port ${port} of ${host} may not be used without more rights: set ${names.port}`, {
        cause,
      });
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EINVAL':
      return new StartupError(`${host} is not an address of this machine: set ${names.host}`, { cause });
    default:
      return new StartupError(`Cannot listen on port ${port} of ${host}: ${firstLine(cause)}`, { cause });
  }
}

function databaseReason(cause: unknown, databaseUrl: string): string {
  if ([UnsuitableServerError, LockedOutError, NewerSchemaError].some((kind) => cause instanceof kind)) {
    return error(cause).message;
  }
  return dialectOfUrl(databaseUrl) === 'sqlite'
    ? fileDatabaseReason(codeOf(cause), cause)
    : serverReason(codeOf(cause), firstLine(cause));
}

function fileDatabaseReason(code: string, cause: unknown): string {
  if (code === 'SQLITE_NOTADB') {
    return 'the file is not an SQLite database';
  }
  if (code.startsWith('SQLITE_CORRUPT')) {
    return 'the file is damaged';
  }
  if (code.startsWith('SQLITE_READONLY')) {
    return 'the file cannot be written';
  }
  if (code.startsWith('SQLITE_CANTOPEN')) {
    return 'the file cannot be opened or made';
  }
  if (code.startsWith('SQLITE_BUSY')) {
    return 'another process holds it locked';
  }
  return fileReason(code) ?? firstLine(cause);
}

function fileReason(code: string): string | undefined {
  const reasons: Record<string, string> = {
    EACCES: 'permission denied',
    EPERM: 'permission denied',
    EROFS: 'the file system is read-only',
    ENOENT: 'the directory does not exist and cannot be made',
    ENOTDIR: 'a part of the path is not a directory',
    EEXIST: 'a part of the path is not a directory',
    ENOSPC: 'the disk is full',
  };
  return reasons[code];
}

function firstLine(cause: unknown): string {
  return error(cause).message.split('\n')[0] ?? '';
}

function error(cause: unknown): Error {
  return cause instanceof Error ? cause : new Error(String(cause));
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : '';
}
