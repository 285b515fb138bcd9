import { resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { invalidOption } from '../errors.ts';
import { realPath } from './real-path.ts';

/** What is about to be opened. */
export type Target = FileTarget | ServerTarget;

export interface FileTarget {
  readonly dialect: 'sqlite';
  /** Absolute, without symbolic links. */
  readonly file: string;
}

export interface ServerTarget {
  readonly dialect: 'postgres' | 'mysql';
  readonly route: Route;
  /** Empty when the connection names none. */
  readonly database: string;
}

/** Where a socket leads. */
export interface Route {
  /** `localhost` for a unix socket. */
  readonly host: string;
  /** Undefined for a unix socket whose name has none. */
  readonly port: number | undefined;
  /** The path of a unix socket, or the directory in which PostgreSQL looks for it. */
  readonly socket?: string;
}

const EXPECTED =
  'a regular expression, a path, or a URL such as postgres://host:5432/name, in which * stands for anything';
const SERVER_URL = /^(\w+):\/\/(?:[^@/]*@)?(\[[^\]]*\]|[^:/?#]*)(?::(\d+|\*))?(?:\/([^?#]*))?(?:[?#].*)?$/;
const DIALECTS: Readonly<Record<string, ServerTarget['dialect']>> = {
  postgres: 'postgres',
  postgresql: 'postgres',
  mysql: 'mysql',
  mariadb: 'mysql',
};
const DEFAULT_PORTS = { postgres: '5432', mysql: '3306' };

/** The database as messages and regular expressions see it: a path, or a URL without user and password. */
export function shownTarget(target: Target): string {
  if (target.dialect === 'sqlite') return target.file;
  const { host, port, socket } = target.route;
  const at = `${host.includes(':') ? `[${host}]` : host}${port === undefined ? '' : `:${port}`}`;
  const by = socket === undefined ? '' : `?${target.dialect === 'postgres' ? 'host' : 'socketPath'}=${socket}`;
  return `${target.dialect}://${at}/${target.database}${by}`;
}

/**
 * The option `guard.allow`, as it was given.
 *
 * @throws {IsolationError} `DBI_INVALID_OPTION`.
 */
export function allowList(value: unknown): readonly (string | RegExp)[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw invalidOption('guard.allow', value, 'a list');
  for (const [index, pattern] of value.entries()) {
    if (pattern instanceof RegExp) continue;
    const name = `guard.allow[${index}]`;
    if (typeof pattern !== 'string' || pattern === '') throw invalidOption(name, pattern, EXPECTED);
    const scheme = schemeOf(pattern);
    if (scheme === undefined || isFileScheme(scheme)) continue;
    const known = scheme in DIALECTS && SERVER_URL.test(pattern);
    if (!known) throw invalidOption(name, pattern.replace(/\/\/.*@/, '//***@'), EXPECTED);
  }
  return value;
}

/** Says whether a list of patterns has one for a target. Links are followed anew each time, as files come and go. */
export function matcherOf(patterns: readonly (string | RegExp)[]): (target: Target) => boolean {
  return (target) => patterns.some((pattern) => matches(pattern, target));
}

function matches(pattern: string | RegExp, target: Target): boolean {
  if (typeof pattern !== 'string') return shownTarget(target).search(pattern) >= 0; // unlike test(), keeps no position
  const scheme = schemeOf(pattern);
  if (scheme === undefined || isFileScheme(scheme)) {
    return target.dialect === 'sqlite' && wildcard(realPattern(pathOf(pattern, scheme))).test(target.file);
  }
  return target.dialect === DIALECTS[scheme] && matchesServer(pattern, target);
}

function matchesServer(pattern: string, { dialect, route, database }: ServerTarget): boolean {
  const [, , host = '', port = DEFAULT_PORTS[dialect], name = ''] = SERVER_URL.exec(pattern) ?? [];
  const sameHost = wildcard(hostName(host)).test(hostName(route.host));
  const samePort = route.port === undefined || wildcard(port).test(String(route.port));
  return sameHost && samePort && (name === '' || wildcard(decodeURIComponent(name)).test(database));
}

/** One name for all that this machine calls itself. */
function hostName(host: string): string {
  const bare = host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  return ['', '127.0.0.1', '::1', 'localhost'].includes(bare) ? 'localhost' : bare;
}

function schemeOf(pattern: string): string | undefined {
  return /^(\w+):\/\//.exec(pattern)?.[1]?.toLowerCase();
}

function isFileScheme(scheme: string): boolean {
  return scheme === 'file' || scheme === 'sqlite';
}

function pathOf(pattern: string, scheme: string | undefined): string {
  return scheme === undefined ? pattern : fileURLToPath(pattern.replace(/^\w+:/, 'file:'));
}

/** Follows links up to the first part of the path that has a wildcard. */
function realPattern(path: string): string {
  const parts = resolve(path).split(sep);
  const fixed = parts.findIndex((part) => part.includes('*'));
  if (fixed < 0) return realPath(resolve(path));
  return [realPath(parts.slice(0, fixed).join(sep) || sep), ...parts.slice(fixed)].join(sep).replace(/^\/\//, '/');
}

function wildcard(pattern: string): RegExp {
  const parts = pattern.split('*').map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's');
}
