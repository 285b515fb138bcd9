import { catalogue, type Expected, type PlantedLeak } from '../catalogue.ts';
import type { EngineName } from '../support/connect.ts';
import type { Setup } from '../support/environment.ts';
import { type Run, runMocha } from './mocha.ts';
import { isAsExpected, type Outcome, outcomeOf, outcomeOfDeath } from './outcome.ts';
import { createPlace, type Place } from './place.ts';

/** A set-up, and with the library whether Mocha runs in several processes. */
export type Way = 'library' | 'library, parallel' | 'rollback' | 'truncate';

export const ways: readonly Way[] = ['library', 'library, parallel', 'rollback', 'truncate'];

/** What came of one leak on one engine in one way. */
export interface Result {
  readonly leak: PlantedLeak;
  readonly engine: EngineName;
  readonly way: Way;
  readonly outcome: Outcome;
  /** Always true without the library, of which nothing is expected. */
  readonly asExpected: boolean;
}

export interface LeakOptions {
  readonly engines: readonly EngineName[];
  /** Where the servers are, by engine. */
  readonly servers: { readonly [engine in EngineName]?: string | undefined };
  /** Only suites whose names hold this text. Default: all. */
  readonly only?: string;
  /** Default: all. */
  readonly ways?: readonly Way[];
  /** Told of each result as it comes. */
  readonly onResult?: (result: Result) => void;
}

/** Runs every planted leak that applies, two processes at a time. */
export async function runLeaks(options: LeakOptions): Promise<readonly Result[]> {
  const results: Result[] = [];
  const places: Place[] = [];
  const queue = options.engines.flatMap((engine) => jobsOn(engine, options));
  const work = async () => {
    const mine = new Map<EngineName, Place>();
    for (let job = queue.shift(); job; job = queue.shift()) {
      const place = mine.get(job.engine) ?? (await createPlace(job.engine, options.servers[job.engine]));
      if (!mine.has(job.engine)) places.push(place);
      mine.set(job.engine, place);
      for (const result of await runJob(job, place)) {
        results.push(result);
        options.onResult?.(result);
      }
    }
  };
  try {
    await Promise.all([work(), work()]);
  } finally {
    for (const place of places) await place.remove();
  }
  return results;
}

/** Suites that run in one Mocha process: one, or with the library several. */
interface Job {
  readonly engine: EngineName;
  readonly way: Way;
  readonly leaks: readonly PlantedLeak[];
}

/** How many suites share a run with the library: starting its processes takes longer than most suites. */
const BATCH = 10;

function jobsOn(engine: EngineName, { only = '', ways: wanted = ways }: LeakOptions): Job[] {
  const leaks = catalogue.filter(({ name, on }) => on[engine] !== undefined && name.includes(only));
  return wanted.flatMap((way) => {
    const together = isOfLibrary(way) ? leaks.filter(({ ends }) => ends !== 'dies') : [];
    const alone = leaks.filter((leak) => !together.includes(leak)).map((leak) => [leak]);
    const batches = Array.from({ length: Math.ceil(together.length / BATCH) }, (_, index) =>
      together.slice(index * BATCH, (index + 1) * BATCH),
    );
    return [...batches, ...alone].map((batch) => ({ engine, way, leaks: batch }));
  });
}

async function runJob({ engine, way, leaks }: Job, place: Place): Promise<readonly Result[]> {
  const results: Result[] = [];
  const shared = leaks.length > 1 ? await runTogether(leaks, way, place) : undefined;
  for (const leak of leaks) {
    const expected = expectedOf(leak, engine);
    const together = shared && outcomeOf(leak, shared, '', expected);
    // One that did not go as expected may have been disturbed by another: alone it shows what it does by itself.
    const outcome = together && isAsExpected(together, expected) ? together : await runAlone(leak, way, place);
    results.push({ leak, engine, way, outcome, asExpected: !isOfLibrary(way) || isAsExpected(outcome, expected) });
  }
  if (leaks.some(({ name }) => name.startsWith('server-'))) await place.resetServer();
  return results;
}

/** Undefined when something happened of which only running each suite alone shows which of them it was. */
async function runTogether(leaks: readonly PlantedLeak[], way: Way, place: Place): Promise<Run | undefined> {
  const suites = leaks.map(({ name }) => name);
  const run = await runMocha({ ...settingsOf(way), place, suites, directory: place.directory() });
  const production = await place.checkProduction();
  return run.finished && !run.killed && production === '' ? run : undefined;
}

async function runAlone(leak: PlantedLeak, way: Way, place: Place): Promise<Outcome> {
  const { setup, parallel } = settingsOf(way);
  const suites = parallel ? [leak.name, 'innocent'] : [leak.name];
  const options = { setup, parallel, place, suites, directory: place.directory() };
  const expected = expectedOf(leak, place.engine);
  if (setup !== 'library') await place.resetShared();
  const run = await runMocha(options);
  if (leak.ends !== 'dies') return outcomeOf(leak, run, await place.checkProduction(), expected);
  const next = await runMocha({ ...options, isNextRun: true });
  return outcomeOfDeath(leak, run, next, await place.checkProduction(), expected);
}

function isOfLibrary(way: Way): boolean {
  return settingsOf(way).setup === 'library';
}

function settingsOf(way: Way): { readonly setup: Setup; readonly parallel: boolean } {
  const parallel = way === 'library, parallel';
  return { setup: way === 'rollback' || way === 'truncate' ? way : 'library', parallel };
}

function expectedOf({ on }: PlantedLeak, engine: EngineName): Expected {
  return on[engine] ?? 'isolated';
}
