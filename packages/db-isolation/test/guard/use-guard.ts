import type { Leak } from '@acme/db-isolation';
import type { Address } from '../../src/engines/engine.ts';
import { allowList, guard, type Permit, permit, takeUnclaimed } from '../../src/guard/guard.ts';

/** The guard during the tests of a describe block, with one user that knows all tests. */
export interface TestGuard {
  /** What was recorded since the test began. */
  readonly violations: readonly Leak[];
  /** Arms it, for the rest of the test. */
  arm(allow?: readonly (string | RegExp)[]): () => void;
  /** Permits a file, or what a URL of a server leads to. */
  permit(place: string): Permit;
}

/** Disarms everything when a test ends. */
export function useGuard(): TestGuard {
  let ends: (() => unknown)[] = [];
  const violations: Leak[] = [];
  beforeEach(() => {
    ends = [];
    violations.length = 0;
    takeUnclaimed();
  });
  afterEach(() => {
    for (const end of ends) end();
  });

  return {
    violations,
    arm(allow) {
      const disarm = guard({ allow: allowList(allow), violated: (leak) => violations.push(leak) > 0 });
      ends.push(disarm);
      return disarm;
    },
    permit(place) {
      const granted = permit(addressOf(place));
      ends.unshift(() => granted.closeRest());
      return granted;
    },
  };
}

function addressOf(place: string): Address {
  const dialect = /^(postgres|mysql):/.exec(place)?.[1] as 'postgres' | 'mysql' | undefined;
  if (dialect) return { dialect, url: place, maxConnections: 3 };
  return { dialect: 'sqlite', url: `sqlite://${place}`, filename: place, onConnect: [] };
}
