import type { Check } from './check.ts';
import { decimals } from './checks/decimals.ts';
import { generatedRequests } from './checks/generated-requests.ts';
import { idempotency } from './checks/idempotency.ts';
import { kills } from './checks/kills.ts';
import { load } from './checks/load.ts';
import { memory } from './checks/memory.ts';
import { mixedWrites } from './checks/mixed-writes.ts';
import { races } from './checks/races.ts';
import { restarts } from './checks/restarts.ts';
import { uploads } from './checks/uploads.ts';

/** All checks, in the order in which they are done. */
export const CHECKS: readonly Check[] = [
  races,
  mixedWrites,
  kills,
  idempotency,
  uploads,
  generatedRequests,
  decimals,
  restarts,
  load,
  memory,
];
