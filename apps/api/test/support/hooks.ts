import { isolationHooks } from '@acme/db-isolation/runners/mocha';
import { isolation } from './isolation.ts';

/** Loaded by Mocha with `--require`: one database for each test of the whole suite. */
export const mochaHooks = isolationHooks(isolation);
