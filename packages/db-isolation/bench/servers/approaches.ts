import type { Engine } from '@acme/db-isolation';
import type { Approach, OpenApproaches } from '../approach.ts';
import { isolate, settle } from '../isolations.ts';
import type { Size } from '../sample-database.ts';
import { migratePerTest } from './migrate-per-test.ts';
import { ObservedEngine } from './observed-engine.ts';
import { fromEmptyPool, fromPool, OURS } from './ours.ts';
import { resetsInPlace } from './reset-in-place.ts';
import type { BenchmarkServer } from './server.ts';

/** What is measured on one kind of server only. */
interface Special {
  /** The row with the least that a database from the template can take. */
  readonly yardstick: string;
  readonly raw: readonly Approach[];
  readonly peers: readonly Approach[];
}

/** How many rounds there are on a server. */
export const SERVER_ROUNDS = {
  small: { all: 100, slow: 20 },
  medium: { all: 40, slow: 10 },
  large: { all: 10, slow: 3 },
} as const;

/** All approaches on a server; `special` makes those that only this kind of server has, from the library's own template. */
export async function serverApproaches(
  server: BenchmarkServer,
  engine: Engine,
  size: Size,
  special: (template: string) => Promise<Special>,
): Promise<OpenApproaches> {
  const observed = new ObservedEngine(engine);
  const isolation = isolate(observed, size);
  await isolation.run('build the template', () => undefined);
  await settle(isolation);
  const { yardstick, raw, peers } = await special(observed.template);
  const resets = await resetsInPlace(server, size);
  return {
    approaches: [
      ...raw,
      fromEmptyPool(isolation, (url) => observed.gone(url)),
      fromPool(isolation),
      migratePerTest(server, size),
      ...resets.approaches,
      ...peers,
    ],
    yardsticks: () => ({ raw: yardstick, ours: OURS }),
    async close() {
      await resets.close();
      await isolation.close();
      await server.dropTemplate(observed.template);
    },
  };
}
