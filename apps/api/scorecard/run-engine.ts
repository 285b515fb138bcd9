import type { Dialect } from '../src/db/database-url.ts';
import type { Check } from './check.ts';
import type { Options } from './options.ts';
import { describeEngine } from './support/engine-facts.ts';
import { HttpClient } from './support/http-client.ts';
import { createPlace } from './support/place.ts';
import { Random } from './support/random.ts';
import type { Scope } from './support/scope.ts';
import { Tally } from './support/tally.ts';

/** What all checks found on one engine. */
export interface EngineResult {
  readonly engine: Dialect;
  /** Version, and whether commits wait for the disk. */
  readonly facts: string;
  readonly checks: readonly CheckResult[];
}

/** What one check found. */
export interface CheckResult {
  readonly name: string;
  readonly tally: Tally;
  readonly seconds: number;
}

interface EngineRun {
  readonly engine: Dialect;
  readonly server: string | undefined;
  /** The directory of the service's build. */
  readonly build: string;
  readonly checks: readonly Check[];
  readonly options: Options;
  readonly scope: Scope;
}

/** Does the checks on one engine, one after another. A check that cannot go on has lost. */
export async function runEngine({ engine, server, build, checks, options, scope }: EngineRun): Promise<EngineResult> {
  const results: CheckResult[] = [];
  for (const check of checks) {
    const started = performance.now();
    process.stdout.write(`${engine}: ${check.name} … `);
    const tally = new Tally();
    const own = await scope.child();
    const arena = {
      engine,
      random: new Random(`${options.seed} ${engine} ${check.name}`),
      count: (full: number) => (options.quick ? Math.ceil(full / QUICK) : full),
      minutes: options.minutes,
      build,
      scope: own,
      place: () => createPlace({ server, build, scope: own }),
      client: async () => {
        const client = new HttpClient();
        await own.add(async () => client.close());
        return client;
      },
    };
    await check.run(arena, tally).catch((error) => tally.lose(`could not go on: ${error?.stack ?? error}`));
    if (scope.closed) {
      throw new Error('interrupted');
    }
    await own.close();
    const seconds = Math.round((performance.now() - started) / 100) / 10;
    console.log(`${tally.held} held, ${tally.lost} lost, ${seconds} s`);
    results.push({ name: check.name, tally, seconds });
  }
  return { engine, facts: await describeEngine(server), checks: results };
}

const QUICK = 10;
