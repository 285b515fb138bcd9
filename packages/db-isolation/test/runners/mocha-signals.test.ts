import { existsSync, readdirSync, readFileSync, watch } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import {
  type FinishedRun,
  type MochaOptions,
  type MochaRun,
  type MochaSandbox,
  type StartedRun,
  useMocha,
} from '../support/run-mocha.ts';

const SERIAL: MochaOptions = { suites: ['hang-a'], ownGroup: true };
const PARALLEL: MochaOptions = { suites: ['hang-a', 'hang-b'], parallel: true, ownGroup: true };
const TWICE: MochaOptions = { ...SERIAL, suites: ['hang-twice'] };
// With node-option, Mocha's main process passes Ctrl-C on to the one that runs the tests, which then gets it twice.
const WRAPPED: MochaOptions = { ...SERIAL, nodeOptions: true };

const INTERRUPTIONS = [
  { name: 'SIGINT, serial', options: SERIAL, signal: 'SIGINT', whom: 'main', code: 130 },
  { name: 'SIGTERM, serial', options: SERIAL, signal: 'SIGTERM', whom: 'main', code: 143 },
  { name: 'SIGINT twice, serial', options: TWICE, signal: 'SIGINT', whom: 'main', code: 130 },
  {
    name: 'SIGINT to the process group, with node-option',
    options: WRAPPED,
    signal: 'SIGINT',
    whom: 'group',
    code: 130,
  },
  { name: 'SIGINT to the main process, parallel', options: PARALLEL, signal: 'SIGINT', whom: 'main', code: 130 },
  { name: 'SIGINT to the process group, parallel', options: PARALLEL, signal: 'SIGINT', whom: 'group', code: 130 },
  { name: 'SIGTERM to the main process, parallel', options: PARALLEL, signal: 'SIGTERM', whom: 'main', code: 143 },
  { name: 'SIGTERM to the process group, parallel', options: PARALLEL, signal: 'SIGTERM', whom: 'group', code: 143 },
] as const;

describe('a run that is ended from outside', function () {
  this.timeout(120_000);
  const mocha = useMocha();
  const results = new Map<string, { inUse: number; after: readonly string[]; run: MochaRun }>();

  before(async () => {
    const queue = [...INTERRUPTIONS];
    const work = async () => {
      for (let next = queue.shift(); next; next = queue.shift()) {
        const sandbox = await mocha.createSandbox();
        const started = await startHanging(sandbox, next.options);
        const inUse = databasesIn(sandbox).length;
        started.kill(next.signal, next.whom);
        const run = await started.done;
        results.set(next.name, { inUse, run, after: sandbox.runs() });
      }
    };
    await Promise.all([work(), work()]);
  });

  for (const { name, options, code } of INTERRUPTIONS) {
    it(`leaves nothing and exits with ${code} (${name})`, () => {
      const { inUse, run, after } = results.get(name) ?? expect.fail('it did not run');
      expect(inUse, 'databases before the signal').to.equal(options.suites.length);
      expect(after).to.deep.equal([]);
      expect([run.code, run.signal], run.output).to.deep.equal([code, null]);
    });
  }
});

describe('a run that a test ends with process.exit()', function () {
  this.timeout(120_000);
  const mocha = useMocha();

  let runs: readonly FinishedRun[] = [];
  before(async () => {
    const suites = ['exit', 'plain'];
    runs = await mocha.all([{ suites }, { suites, parallel: true }]);
  });

  for (const [index, way] of ['serial', 'parallel'].entries()) {
    it(`leaves nothing (${way})`, () => {
      const { sandbox, code } = runs[index] ?? expect.fail('it did not run');
      expect(sandbox.isUntouched()).to.equal(false);
      expect(sandbox.runs()).to.deep.equal([]);
      expect(code).to.equal(way === 'serial' ? 7 : 1); // in a worker, Mocha counts it as one failure
    });
  }
});

describe('a run that is killed', function () {
  this.timeout(120_000);
  const mocha = useMocha();

  it('leaves databases that the next run removes, without touching a live run', async () => {
    const sandbox = await mocha.createSandbox();
    const live = await startHanging(sandbox, SERIAL);
    const liveDatabases = databasesIn(sandbox);
    const dead = await startHanging(sandbox, PARALLEL);
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

/** Starts suites that hang, and waits until each of them has told where its database is. */
async function startHanging(sandbox: MochaSandbox, options: MochaOptions): Promise<StartedRun> {
  const wanted = readdirSync(sandbox.signals).length + options.suites.length;
  const started = sandbox.start(options);
  const ended = started.done.then(({ output }) => {
    throw new Error(`the run ended by itself:\n${output}`);
  });
  ended.catch(() => undefined); // it ends later on, when nobody waits here any more
  await Promise.race([filesAppear(sandbox.signals, wanted), ended]);
  for (const file of databasesIn(sandbox)) expect(existsSync(file), file).to.equal(true);
  return started;
}

async function filesAppear(directory: string, count: number): Promise<void> {
  const watcher = watch(directory);
  try {
    await new Promise<void>((resolve) => {
      const look = () => {
        const files = readdirSync(directory).map((name) => readFileSync(join(directory, name), 'utf8'));
        if (files.filter((text) => text !== '').length >= count) resolve();
      };
      watcher.on('change', look);
      look();
    });
  } finally {
    watcher.close();
  }
}

/** Databases that runs have in use or left behind; what stands beside each of them does not count. */
function databasesIn(sandbox: MochaSandbox): readonly string[] {
  return sandbox.runs().filter((path) => path.endsWith('.sqlite') && !/build|sealed/.test(dirname(path)));
}
