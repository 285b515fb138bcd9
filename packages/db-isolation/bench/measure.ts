import type { Approach, Note } from './approach.ts';
import { shuffle } from './statistics.ts';

const WARM_UP_ROUNDS = 3;

/**
 * All approaches in turn, in a new order each round, so that a change of the machine's speed meets all of them. Answers the
 * durations by row, in the order of the approaches. `stop` ends it between two of them.
 */
export async function measure(
  approaches: readonly Approach[],
  rounds: { readonly all: number; readonly slow: number },
  stop: AbortSignal,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const durations = new Map(approaches.map((approach) => [approach, new Map<string, number[]>()]));
  const slowEvery = Math.ceil(rounds.all / rounds.slow);
  for (let round = -WARM_UP_ROUNDS; round < rounds.all; round += 1) {
    for (const approach of shuffle(approaches)) {
      if (approach.slow && (round < 0 || round % slowEvery !== 0)) continue;
      stop.throwIfAborted();
      await approach.round(round < 0 ? () => undefined : noteIn(durations.get(approach)));
    }
  }
  return new Map([...durations.values()].flatMap((rows) => [...rows]));
}

function noteIn(rows: Map<string, number[]> | undefined): Note {
  return (row, duration) => void rows?.set(row, [...(rows.get(row) ?? []), duration]);
}
