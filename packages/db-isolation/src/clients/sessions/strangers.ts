import type { Leak } from '../../leaks.ts';
import { sleep } from '../../real-time.ts';
import type { Stranger } from './session.ts';

/** The server may need a moment to notice that a connection has ended: how often it is asked again, and how long after. */
const CHANCES = 4;
const GOODBYE_MS = 50;

/** Connections of other processes, as leaks. Those that end at this moment are nobody's. */
export async function leaksOfStrangers(
  ask: () => Promise<readonly Stranger[]>,
  ownPorts: ReadonlySet<number>,
): Promise<readonly Leak[]> {
  let found = strangersAmong(await ask(), ownPorts);
  for (let chance = 0; chance < CHANCES && found.length > 0; chance += 1) {
    await sleep(GOODBYE_MS);
    const still = new Set((await ask()).map(({ id }) => id));
    found = found.filter(({ id }) => still.has(id));
  }
  return found.map(({ what }) => ({
    kind: 'open-connection',
    message: `another process was still connected to its database: ${what}`,
  }));
}

/** None where something in between, such as a container's forwarded port, shows the server other ports than ours. */
function strangersAmong(all: readonly Stranger[], ownPorts: ReadonlySet<number>): readonly Stranger[] {
  const strangers = all.filter(({ port }) => port > 0 && !ownPorts.has(port));
  return strangers.some(({ asks }) => asks) ? [] : strangers;
}
