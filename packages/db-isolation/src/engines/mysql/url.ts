import { invalidOption } from '../../errors.ts';

/** A server as the user named it, and what is derived from that. */
export interface ServerUrl {
  /** Empty when the URL has none. */
  readonly user: string;
  /** Whether the user named it `mariadb://`. */
  readonly isMariadb: boolean;
  /** The server for messages: without password, database and parameters. */
  readonly shown: string;
  /** The user's own URL with another database, or with none. */
  to(database: string): string;
  /** The same without the password and whatever else may be secret. */
  shownTo(database: string): string;
  /** For the library's own connections: without parameters that change what results look like. */
  own(database: string): string;
  /** A command line that opens a database in the shell of the server, which is the program `client`. */
  command(client: string, database: string): string;
}

/** Parameters of mysql2 that say how to reach the server; the others are for the user's own queries. */
const TRANSPORT = new Set([
  'authPlugins',
  'compress',
  'connectAttributes',
  'connectTimeout',
  'enableCleartextPlugin',
  'enableKeepAlive',
  'insecureAuth',
  'keepAliveInitialDelay',
  'localAddress',
  'password1',
  'password2',
  'password3',
  'passwordSha1',
  'socketPath',
  'ssl',
]);

/**
 * Reads `mysql://user:password@host:port/name?socketPath=…`; also `mariadb://`, and without a name.
 *
 * @param option where the URL comes from, for errors.
 * @throws {IsolationError} `DBI_INVALID_OPTION`, which never shows the password.
 */
export function parseServerUrl(option: string, server: string): ServerUrl {
  const parsed = parse(option, server);
  const make = (database: string, keep: (parameter: string) => boolean, password = parsed.password): string => {
    const url = new URL(parsed);
    url.protocol = 'mysql:';
    url.password = password;
    url.pathname = database === '' ? '' : `/${encodeURIComponent(database)}`;
    for (const name of new Set(url.searchParams.keys())) if (!keep(name)) url.searchParams.delete(name);
    return url.href;
  };
  const isPublic = (parameter: string) => !/pass|ssl|auth|attributes/i.test(parameter);
  return {
    user: decodeURIComponent(parsed.username),
    isMariadb: parsed.protocol === 'mariadb:',
    shown: make('', () => false, ''),
    to: (database) => make(database, () => true),
    shownTo: (database) => make(database, isPublic, ''),
    own: (database) => make(database, (parameter) => TRANSPORT.has(parameter)),
    command: (client, database) => [client, ...whereAndWho(parsed), database].map(quoted).join(' '),
  };
}

function parse(option: string, server: string): URL {
  const expected = 'a URL such as "mysql://user:password@host:3306", with characters like @ in a password as %40';
  let url: URL;
  try {
    url = new URL(server);
    decodeURIComponent(url.username + url.password + url.hostname);
  } catch {
    throw invalidOption(option, withoutSecrets(server), expected);
  }
  if (url.protocol !== 'mysql:' && url.protocol !== 'mariadb:') {
    throw invalidOption(option, withoutSecrets(server), expected);
  }
  return url;
}

/** What is no proper URL may have its password anywhere before the last `@`, and in its parameters. */
function withoutSecrets(server: string): string {
  return server.replace(/^.*@/s, '…@').replace(/\?.*$/s, '?…');
}

function whereAndWho(url: URL): string[] {
  const socket = url.searchParams.get('socketPath');
  const host = decodeURIComponent(url.hostname).replace(/^\[(.*)\]$/, '$1') || 'localhost';
  const where = socket ? ['-S', socket] : ['-h', host, '-P', url.port || '3306'];
  const user = url.username ? ['-u', decodeURIComponent(url.username)] : [];
  return [...where, ...user, ...(url.password ? ['-p'] : [])];
}

/** One word of a POSIX shell. */
function quoted(word: string): string {
  return /^[\w./:@%+=-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
