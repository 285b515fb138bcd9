import type { EngineName } from './connect.ts';

/** How the tests are kept apart: by this library, or in one of the two well-known ways on one shared database. */
export type Setup = 'library' | 'rollback' | 'truncate';

export const engine = variable('LEAK_ENGINE') as EngineName;
export const setup = variable('LEAK_SETUP') as Setup;

/** Where the app finds the database that it uses in production, which tests never should. */
export const productionUrl = variable('LEAK_PRODUCTION');

/**
 * What the app is configured with. A team whose tests share one database names that one here; with the library it may
 * be whatever it is.
 */
export const configuredUrl = variable('DATABASE_URL');

/** Whether this run comes after one whose process died. */
export const isNextRun = process.env['LEAK_NEXT_RUN'] === 'yes';

function variable(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: planted leaks run through npm run test:leaks`);
  return value;
}
