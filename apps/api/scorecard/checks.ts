import type { Check } from './check.ts';
import { races } from './checks/races.ts';

/** All checks, in the order in which they are done. */
export const CHECKS: readonly Check[] = [races];
