import { createRequire } from 'node:module';
import type pg from 'pg';
import { driverMissing, hasCode } from '../../errors.ts';

/** pg as it is installed beside this package. */
export interface Driver {
  readonly version: string;
  readonly Client: typeof pg.Client;
}

/** @throws {IsolationError} `DBI_DRIVER_MISSING`. */
export function loadDriver(): Driver {
  const require = createRequire(import.meta.url);
  try {
    const { Client } = require('pg') as typeof pg;
    return { version: (require('pg/package.json') as { version: string }).version, Client };
  } catch (error) {
    throw hasCode(error, 'MODULE_NOT_FOUND') ? driverMissing('pg', 'npm install --save-dev pg', error) : error;
  }
}
