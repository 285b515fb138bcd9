import { watch } from 'node:fs';
import { expect } from 'chai';
import type { MochaOptions, MochaRun, MochaSandbox, StartedRun } from '../support/run-mocha.ts';
import { type EngineName, hanging, hasEngine, type RunPlace, twoAtATime, useRunPlaces } from './run-places.ts';

export const SERIAL: MochaOptions = { suites: ['hang-a'], ownGroup: true };
export const PARALLEL: MochaOptions = { suites: ['hang-a', 'hang-b'], parallel: true, ownGroup: true };

/** How a run is ended. */
export interface Interruption {
  readonly name: string;
  readonly engine: EngineName;
  readonly options: MochaOptions;
  readonly signal: NodeJS.Signals;
  readonly whom: 'main' | 'group';
  readonly code: number;
}

/** What holds for runs that somebody ends, in each of these ways. */
export function runsEndedFromOutside(all: readonly Interruption[]): void {
  describe('a run that is ended from outside', function () {
    this.timeout(240_000);
    const createPlace = useRunPlaces();
    const interruptions = all.filter(({ engine }) => hasEngine(engine));
    const results = new Map<string, { inUse: readonly string[]; after: readonly string[]; run: MochaRun }>();

    before(async () => {
      await twoAtATime(interruptions, async ({ name, engine, options, signal, whom }) => {
        const place = await createPlace(engine);
        const started = await startHanging(place, options);
        const inUse = await place.left();
        started.kill(signal, whom);
        const run = await started.done;
        results.set(name, { inUse, run, after: await place.left() });
      });
    });

    for (const { name, options, code } of interruptions) {
      it(`leaves nothing and exits with ${code} (${name})`, () => {
        const { inUse, run, after } = results.get(name) ?? expect.fail('it did not run');
        expect(inUse, 'databases before the signal').to.have.length.at.least(options.suites.length);
        expect(after).to.deep.equal([]);
        expect([run.code, run.signal], run.output).to.deep.equal([code, null]);
      });
    }
  });
}

/** What holds for runs of which a test ends the process. */
export function runsThatExit(all: readonly { readonly engine: EngineName; readonly parallel: boolean }[]): void {
  describe('a run in which a test ends the process', function () {
    this.timeout(240_000);
    const createPlace = useRunPlaces();
    const ways = all.filter(({ engine }) => hasEngine(engine));
    let results: readonly { run: MochaRun; left: readonly string[] }[] = [];
    before(async () => {
      results = await twoAtATime(ways, async ({ engine, parallel }) => {
        const place = await createPlace(engine);
        const run = await place.start({ suites: ['exit', 'plain'], parallel }).done;
        return { run, left: await place.left() };
      });
    });

    for (const [index, { engine, parallel }] of ways.entries()) {
      it(`with process.exit() leaves nothing (${engine}, ${parallel ? 'parallel' : 'serial'})`, () => {
        const { run, left } = results[index] ?? expect.fail('it did not run');
        expect(left).to.deep.equal([]);
        expect(run.code, run.output).to.equal(parallel ? 1 : 7); // in a worker, Mocha counts it as one failure
      });
    }
  });
}

/** Starts suites that hang, and waits until each of them has told where its database is. */
export async function startHanging(place: RunPlace, options: MochaOptions): Promise<StartedRun> {
  const wanted = hanging(place.sandbox).length + options.suites.length;
  const started = place.start(options);
  const ended = started.done.then(({ output }) => {
    throw new Error(`the run ended by itself:\n${output}`);
  });
  ended.catch(() => undefined); // it ends later on, when nobody waits here any more
  await Promise.race([hangingAppear(place.sandbox, wanted), ended]);
  return started;
}

/** Waits until so many suites have told where their databases are. */
export async function hangingAppear(sandbox: MochaSandbox, count: number): Promise<void> {
  const watcher = watch(sandbox.signals);
  try {
    await new Promise<void>((resolve) => {
      const look = () => {
        if (hanging(sandbox).length >= count) resolve();
      };
      watcher.on('change', look);
      look();
    });
  } finally {
    watcher.close();
  }
}
