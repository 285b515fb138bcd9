import { createRequire } from 'node:module';
import { driverMissing, driverUnsupported, hasCode } from '../../errors.ts';
import { unguarded } from '../../guard/scopes.ts';

/** What this engine uses of a connection of mysql2. */
export interface DriverConnection {
  query(sql: string, values: readonly unknown[], done: (error: DriverError | null, result: unknown) => void): void;
  on(event: 'connect' | 'error' | 'end', listener: (error: DriverError) => void): void;
  end(done: () => void): void;
  destroy(): void;
  /** Replaced by another one when the connection becomes an encrypted one. */
  readonly stream: { ref?(): void; unref?(): void; destroy(): void };
}

/** What mysql2 reports: errors of the server have a number and a name, those of the system only a name. */
export interface DriverError extends Error {
  readonly code?: string;
  readonly errno?: number;
  readonly fatal?: boolean;
}

/** mysql2, loaded. */
export interface Driver {
  /** `mysql2 <version>` */
  readonly version: string;
  createConnection(options: Readonly<Record<string, unknown>>): DriverConnection;
}

const INSTALL = 'npm install --save-dev mysql2@3';

/**
 * Loads mysql2 from beside this package.
 *
 * @throws {IsolationError} `DBI_DRIVER_MISSING`, `DBI_DRIVER_UNSUPPORTED`.
 */
export function loadDriver(): Driver {
  const require = createRequire(import.meta.url);
  const load = <T>(id: string): T => {
    try {
      return require(id) as T;
    } catch (error) {
      throw hasCode(error, 'MODULE_NOT_FOUND') ? driverMissing('mysql2', INSTALL, error) : error;
    }
  };
  const { version } = load<{ version: string }>('mysql2/package.json');
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major !== 3 || minor < 9) throw driverUnsupported('mysql2', version, '3');
  const { createConnection } = load<Pick<Driver, 'createConnection'>>('mysql2');
  return {
    version: `mysql2 ${version}`,
    createConnection: (options) => unguarded(() => createConnection(options)),
  };
}
