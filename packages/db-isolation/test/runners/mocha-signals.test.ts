import { dirname } from 'node:path';
import { expect } from 'chai';
import type { MochaOptions, MochaSandbox } from '../support/run-mocha.ts';
import { PARALLEL, runsEndedFromOutside, runsThatExit, SERIAL, startHanging } from './ends-of-runs.ts';
import { useRunPlaces } from './run-places.ts';

const TWICE: MochaOptions = { ...SERIAL, suites: ['hang-twice'] };
// With node-option, Mocha's main process passes Ctrl-C on to the one that runs the tests, which then gets it twice.
const WRAPPED: MochaOptions = { ...SERIAL, nodeOptions: true };

runsEndedFromOutside([
  { name: 'SIGINT, serial', engine: 'sqlite', options: SERIAL, signal: 'SIGINT', whom: 'main', code: 130 },
  { name: 'SIGTERM, serial', engine: 'sqlite', options: SERIAL, signal: 'SIGTERM', whom: 'main', code: 143 },
  { name: 'SIGINT twice, serial', engine: 'sqlite', options: TWICE, signal: 'SIGINT', whom: 'main', code: 130 },
  {
    name: 'SIGINT to the group, node-option',
    engine: 'sqlite',
    options: WRAPPED,
    signal: 'SIGINT',
    whom: 'group',
    code: 130,
  },
  { name: 'SIGINT to main, parallel', engine: 'sqlite', options: PARALLEL, signal: 'SIGINT', whom: 'main', code: 130 },
  {
    name: 'SIGINT to the group, parallel',
    engine: 'sqlite',
    options: PARALLEL,
    signal: 'SIGINT',
    whom: 'group',
    code: 130,
  },
  {
    name: 'SIGTERM to main, parallel',
    engine: 'sqlite',
    options: PARALLEL,
    signal: 'SIGTERM',
    whom: 'main',
    code: 143,
  },
  {
    name: 'SIGTERM to the group, parallel',
    engine: 'sqlite',
    options: PARALLEL,
    signal: 'SIGTERM',
    whom: 'group',
    code: 143,
  },
]);

runsThatExit([
  { engine: 'sqlite', parallel: false },
  { engine: 'sqlite', parallel: true },
]);

describe('a run that is killed', function () {
  this.timeout(120_000);
  const createPlace = useRunPlaces();

  it('leaves databases that the next run removes, without touching a live run', async () => {
    const place = await createPlace('sqlite');
    const { sandbox } = place;
    const live = await startHanging(place, SERIAL);
    const liveDatabases = databasesIn(sandbox);
    const dead = await startHanging(place, PARALLEL);
    dead.kill('SIGKILL', 'group');
    expect((await dead.done).signal).to.equal('SIGKILL');
    expect(databasesIn(sandbox)).to.have.length(1 + PARALLEL.suites.length);

    expect((await sandbox.mocha({ suites: ['plain'] })).code).to.equal(0);
    expect(databasesIn(sandbox)).to.deep.equal(liveDatabases);
    const directories = sandbox.runs().map((path) => /runs\/[^/]+/.exec(path)?.[0]);
    expect(new Set(directories)).to.have.property('size', 1);

    live.kill('SIGTERM');
    await live.done;
    expect(sandbox.runs()).to.deep.equal([]);
  });
});

/** Databases that runs have in use or left behind; what stands beside each of them does not count. */
function databasesIn(sandbox: MochaSandbox): readonly string[] {
  return sandbox.runs().filter((path) => path.endsWith('.sqlite') && !/build|sealed/.test(dirname(path)));
}
