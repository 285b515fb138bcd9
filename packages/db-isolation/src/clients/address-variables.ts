import { fileURLToPath } from 'node:url';
import { invalidOption } from '../errors.ts';

/** Where a database is, in the pieces that programs ask for. */
export interface DatabasePlace {
  readonly dialect: 'sqlite' | 'postgres' | 'mysql';
  /** All of it, such as `postgres://user:password@host:5432/name` or `sqlite:///tmp/…/db.sqlite`. */
  readonly url: string;
  /** The file, an absolute path. Undefined on a server, as the others are on SQLite. */
  readonly filename?: string;
  /** A name, an address, or the directory of PostgreSQL's socket. */
  readonly host?: string;
  readonly port?: string;
  /** Undefined where the URL has none, and so for the password. */
  readonly user?: string;
  readonly password?: string;
  /** The name of the database. */
  readonly database?: string;
}

/** What an environment variable is to say about a database; undefined removes it. */
export type AddressVariable = (place: DatabasePlace) => string | undefined;

/**
 * Environment variables that carry the address of a database: names of those that are its URL, such as
 * `['DATABASE_URL']`, or a function for each that has it in another form:
 * `{ DATABASE_URL: ({ filename }) => `file:${filename}` }`.
 */
export type AddressVariables = readonly string[] | Readonly<Record<string, AddressVariable>>;

/**
 * What the variables are for the database of this URL.
 *
 * @param option where they come from, for errors.
 * @throws {IsolationError} `DBI_INVALID_OPTION`; and whatever a function throws.
 */
export function addressVariables(
  variables: AddressVariables,
  option: string,
  url: string,
): readonly (readonly [name: string, value: string | undefined])[] {
  const place = placeOf(url);
  return entriesOf(variables).map(([name, valueFor]) => {
    const value = valueFor(place);
    if (value === undefined || typeof value === 'string') return [name, value];
    throw invalidOption(`what ${option}.${name} answers`, value, 'text or undefined');
  });
}

/** @throws {IsolationError} `DBI_INVALID_OPTION` for what is no list of names and no object with functions. */
export function assertAddressVariables(variables: unknown, option: string): asserts variables is AddressVariables {
  if (typeof variables !== 'object' || variables === null) {
    throw invalidOption(
      option,
      variables,
      "a list such as ['DATABASE_URL'], or an object with a function for each name",
    );
  }
  for (const [name, value] of entriesOf(variables as AddressVariables)) {
    if (typeof name !== 'string' || !/^[^=\0]+$/.test(name)) {
      throw invalidOption(`a name in ${option}`, name, 'the name of an environment variable');
    }
    if (typeof value !== 'function') throw invalidOption(`${option}.${name}`, value, 'a function that makes its value');
  }
}

function entriesOf(variables: AddressVariables): readonly (readonly [string, AddressVariable])[] {
  if (!Array.isArray(variables)) return Object.entries(variables);
  return variables.map((name: string) => [name, ({ url }) => url]);
}

/** Not every URL that drivers take is one for Node: `postgres://user@/name?host=/run/postgresql`. */
const SERVER_URL = /^(\w+):\/\/(?:([^:@/?#]*)(?::([^@/?#]*))?@)?([^/?#]*?)(?::(\d+))?\/([^?#]*)(?:\?([^#]*))?/;

function placeOf(url: string): DatabasePlace {
  if (url.startsWith('sqlite:')) {
    return { dialect: 'sqlite', url, filename: fileURLToPath(url.replace(/^sqlite:/, 'file:')) };
  }
  const [, scheme, user, password, host, port, database = '', parameters] = SERVER_URL.exec(url) ?? [];
  const also = new URLSearchParams(parameters);
  const dialect = scheme === 'mysql' ? 'mysql' : 'postgres';
  const parts = {
    host: host ? decodeURIComponent(host.replace(/^\[(.*)\]$/, '$1')) : (also.get('host') ?? 'localhost'),
    port: port ?? also.get('port') ?? (dialect === 'mysql' ? '3306' : '5432'),
    user: user === undefined ? also.get('user') : decodeURIComponent(user),
    password: password === undefined ? also.get('password') : decodeURIComponent(password),
    database: decodeURIComponent(database),
  };
  const known = Object.entries(parts).filter(([, value]) => value !== null && value !== '');
  return { dialect, url, ...Object.fromEntries(known) };
}
