import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, sep } from 'node:path';
import type { Address, ServerAddress, SqliteAddress } from '../engines/engine.ts';
import { driverMissing, driverUnsupported, hasCode, type IsolationError, invalidOption } from '../errors.ts';

/**
 * The releases that the clients are made for, as in `peerDependencies`: from the first one, and below a major where the
 * clients use what only this one is known to have. And which one to install instead of another.
 */
const SUPPORTED = {
  'better-sqlite3': { from: [11, 0], install: '12' }, // its engine looks closer, before it is loaded
  'drizzle-orm': { from: [0, 40], install: '0.45' },
  'jest-environment-node': { from: [30, 0], install: '30' },
  knex: { from: [3, 1], below: 4, install: '3' },
  kysely: { from: [0, 27], install: '0.28' },
  mysql2: { from: [3, 9], below: 4, install: '3' },
  pg: { from: [8, 11], below: 9, install: '8' },
} as const satisfies Readonly<Record<string, Supported>>;

interface Supported {
  readonly from: readonly [major: number, minor: number];
  readonly below?: number;
  readonly install: string;
}

/** A package as it is installed beside this one. */
export interface Installed<T> {
  readonly version: string;
  readonly exports: T;
}

/**
 * Loads a package that the team has to install.
 *
 * @throws {IsolationError} `DBI_DRIVER_MISSING`; `DBI_DRIVER_UNSUPPORTED` for a release that the clients are not made for,
 * which is not loaded then.
 */
export function loadPackage<T>(name: keyof typeof SUPPORTED): Installed<T> {
  const require = createRequire(import.meta.url);
  const { version } = supported(name, require);
  return { version, exports: loadOrTell(name, () => require(name)) as T };
}

/**
 * The same for a package that exists twice, as ES modules and as CommonJS: the copy that the app has, so that its
 * `instanceof` finds its own classes. That is the one of CommonJS where anything of it has been required, and where
 * nothing can be imported, as in Jest.
 *
 * @param id what to load of it. Default: the package itself.
 */
export async function loadCopyOfApp<T>(name: keyof typeof SUPPORTED, id: string = name): Promise<Installed<T>> {
  const require = createRequire(import.meta.url);
  const { version, directory } = supported(name, require);
  const isRequired = Object.keys(require.cache).some((file) => file.startsWith(directory + sep));
  const required = () => loadOrTell(name, () => require(id)) as T;
  const exports = isRequired ? required() : await (import(id) as Promise<T>).catch(required);
  return { version, exports };
}

/**
 * Does what loads a package that the team has to install.
 *
 * @throws {IsolationError} `DBI_DRIVER_MISSING`.
 */
export function loadOrTell<T>(name: string, load: () => T): T {
  try {
    return load();
  } catch (error) {
    throw hasCode(error, 'MODULE_NOT_FOUND') ? driverMissing(name, `npm install --save-dev ${name}`, error) : error;
  }
}

/**
 * Looks whether a package can be used, for one that is loaded elsewhere or later.
 *
 * @returns its version; undefined for a package that is not known here.
 * @throws {IsolationError} as {@link loadPackage}.
 */
export function assertSupported(name: string): string | undefined {
  if (!Object.hasOwn(SUPPORTED, name)) return undefined;
  return supported(name as keyof typeof SUPPORTED, createRequire(import.meta.url)).version;
}

interface Found {
  readonly version: string;
  readonly directory: string;
}

const found = new Map<string, Found>();

function supported(name: keyof typeof SUPPORTED, require: NodeJS.Require): Found {
  const known = found.get(name);
  if (known) return known;
  const { from, below = Number.POSITIVE_INFINITY, install }: Supported = SUPPORTED[name];
  const file = loadOrTell(name, () => require.resolve(name));
  const { version, directory } = packageOf(file, name);
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isOlder = major < from[0] || (major === from[0] && minor < from[1]);
  if (isOlder || major >= below) {
    const what = `is too ${isOlder ? 'old' : 'new'} for @acme/db-isolation, which is made for ${rangeOf(name)}`;
    throw driverUnsupported(name, version, install, what);
  }
  found.set(name, { version, directory });
  return { version, directory };
}

/** The package that a file belongs to; some do not let their `package.json` be required. */
function packageOf(file: string, name: string): Found {
  for (let directory = dirname(file); directory !== dirname(directory); directory = dirname(directory)) {
    const manifest = manifestIn(directory);
    if (manifest?.name === name && manifest.version !== undefined) return { version: manifest.version, directory };
  }
  return { version: 'of an unknown version', directory: dirname(file) };
}

function manifestIn(directory: string): { readonly name?: string; readonly version?: string } | undefined {
  try {
    return JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
  } catch {
    return undefined;
  }
}

function rangeOf(name: keyof typeof SUPPORTED): string {
  const { from, below }: Supported = SUPPORTED[name];
  return `${from.join('.')} and newer${below === undefined ? '' : ` below ${below}`}`;
}

/**
 * The address, for a client that can open only databases of one kind of server.
 *
 * @throws {IsolationError} `DBI_INVALID_OPTION`.
 */
export function serverAddress(client: string, dialect: ServerAddress['dialect'], address: Address): ServerAddress {
  if (address.dialect === dialect) return address;
  throw wrongClient(client, address);
}

/**
 * The address, for a client that can open only files.
 *
 * @throws {IsolationError} `DBI_INVALID_OPTION`.
 */
export function sqliteAddress(client: string, address: Address): SqliteAddress {
  if (address.dialect === 'sqlite') return address;
  throw wrongClient(client, address);
}

function wrongClient(client: string, { dialect }: Address): IsolationError {
  return invalidOption('client', client, `one that opens databases of engines/${dialect}, such as knexClient()`);
}

/** Where a database is and who opens it, in the words of all drivers: an address decides that. */
const WHERE = new Set([
  ...['connectionString', 'uri', 'filename', 'host', 'port', 'socketPath', 'stream', 'database'],
  ...['user', 'password', 'password1', 'password2', 'password3', 'passwordSha1'],
]);

/** The other settings of an app's own connections, such as `timezone`; none for a URL or a function. */
export function settingsWithoutPlace(settings: unknown): object {
  if (typeof settings !== 'object' || settings === null) return {};
  return Object.fromEntries(Object.entries(settings).filter(([name]) => !WHERE.has(name)));
}
