import { createRequire } from 'node:module';
import type BetterSqlite3 from 'better-sqlite3';
import { driverMissing, driverNotBuilt, driverUnsupported, hasCode, messageOf } from '../../errors.ts';
import { unguarded } from '../../guard/scopes.ts';

/** better-sqlite3, known to work in this process. */
export interface Driver {
  /** `better-sqlite3 <version>, SQLite <version>` */
  readonly version: string;
  /** Opens a file, which is created when it is missing, unless it is only to be read. */
  open(filename: string, options?: { readonly readonly: boolean }): BetterSqlite3.Database;
}

const INSTALL = 'npm install --save-dev better-sqlite3@12';

/**
 * Loads better-sqlite3 from beside this package.
 *
 * @throws {IsolationError} `DBI_DRIVER_MISSING`, `DBI_DRIVER_NOT_BUILT`, `DBI_DRIVER_UNSUPPORTED`.
 */
export function loadDriver(): Driver {
  const require = createRequire(import.meta.url);
  const load = <T>(id: string): T => {
    try {
      return require(id) as T;
    } catch (error) {
      throw hasCode(error, 'MODULE_NOT_FOUND') ? driverMissing('better-sqlite3', INSTALL, error) : error;
    }
  };
  const { version } = load<{ version: string }>('better-sqlite3/package.json');
  // Release 13 declares Node 22 and ends the process with a segmentation fault on Node 20: look before loading it.
  const newest = Number(process.versions.node.split('.')[0]) >= 22 ? 13 : 12;
  const major = Number(version.split('.')[0]);
  if (major < 11 || major > newest) throw driverUnsupported('better-sqlite3', version, '12');

  const Database = load<typeof BetterSqlite3>('better-sqlite3');
  return {
    version: `better-sqlite3 ${version}, SQLite ${sqliteVersion(Database)}`,
    open: (name, options) => unguarded(() => new Database(name, options)),
  };
}

function sqliteVersion(Database: typeof BetterSqlite3): string {
  try {
    const db = new Database(':memory:'); // the native part is loaded by the first open
    const version = db.prepare<[], string>('select sqlite_version()').pluck().get();
    db.close();
    return version ?? 'unknown';
  } catch (error) {
    const unbuilt = /bindings file|NODE_MODULE_VERSION|ERR_DLOPEN_FAILED/.test(messageOf(error));
    throw unbuilt || hasCode(error, 'ERR_DLOPEN_FAILED') ? driverNotBuilt(error) : error;
  }
}
