import { invalidOption } from '../../errors.ts';

const URL_FORM = /^(postgres(?:ql)?:\/\/)(?:([^@/?#]*)@)?([^/?#]*)(\/[^?#]*)?(\?[^#]*)?$/;

/** The parts of a user's URL that are needed here; the driver reads the whole. */
export interface ServerUrl {
  readonly scheme: string;
  /** Still escaped; empty when the URL has none. */
  readonly user: string;
  readonly password: string | undefined;
  /** Host and port; empty for the default or a socket. */
  readonly host: string;
  /** With its question mark; empty when there are none. */
  readonly parameters: string;
  /** Escaped. */
  readonly database: string;
}

/** @throws {IsolationError} `DBI_INVALID_OPTION`, without the password. */
export function parseServerUrl(option: string, text: unknown): ServerUrl {
  const match = typeof text === 'string' ? URL_FORM.exec(text) : null;
  if (!match) {
    const shown = typeof text === 'string' ? text.replace(/\/\/.*@/, '//***@') : text;
    throw invalidOption(option, shown, 'a URL such as postgres://user@localhost:5432');
  }
  const [, scheme = '', credentials = '', host = '', path = '', parameters = ''] = match;
  const [user = '', ...password] = credentials.split(':');
  return {
    scheme,
    user,
    password: password.length > 0 ? password.join(':') : undefined,
    host,
    parameters,
    database: path.slice(1),
  };
}

/**
 * A URL whose sessions do not wait for the disk at each commit: nobody needs a test's database after a power cut. Options
 * of the user's own are left as they are.
 */
export function withoutWaiting(url: string): string {
  if (/[?&]options=/.test(url)) return url;
  return `${url}${url.includes('?') ? '&' : '?'}options=-c%20synchronous_commit%3Doff`;
}

/** The same server's URL with another database, or with the one that the user's URL names. */
export function urlOf(server: ServerUrl, database = server.database, shown = false): string {
  const { scheme, user, password, host, parameters } = server;
  const secret = password === undefined || shown ? '' : `:${password}`;
  const credentials = user || secret ? `${user}${secret}@` : '';
  return `${scheme}${credentials}${host}/${database}${shown ? withoutSecrets(parameters) : parameters}`;
}

/** A password may also stand among the parameters. */
function withoutSecrets(parameters: string): string {
  return parameters.replace(/([?&](?:ssl)?password=)[^&]*/gi, '$1***');
}
