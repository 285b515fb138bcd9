import { isolationHooks } from '@acme/db-isolation/runners/mocha';
import { isolation } from './isolation.ts';

export const mochaHooks = isolationHooks(isolation);
