import type { Address, ServerAddress } from '../engines/engine.ts';
import { driverMissing, hasCode, invalidOption } from '../errors.ts';

/**
 * Loads a package that the team has to install.
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
 * The address, for a client that can open only databases of one kind.
 *
 * @throws {IsolationError} `DBI_INVALID_OPTION`.
 */
export function serverAddress(client: string, dialect: ServerAddress['dialect'], address: Address): ServerAddress {
  if (address.dialect === dialect) return address;
  throw invalidOption('client', client, `one that opens databases of engines/${address.dialect}, such as knexClient()`);
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
