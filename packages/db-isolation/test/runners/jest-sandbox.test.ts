import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { RunnerTest } from '../contracts/runner-contract.ts';
import { type JestPart, type JestProject, jestFiles, jestProject, jestResults } from '../support/run-jest.ts';
import { MochaSandbox } from '../support/run-mocha.ts';

const PARTS: readonly JestPart[] = [
  { files: files('bodies-a', 'bodies-b', 'rejection', 'describe-retry', 'misplaced') },
  { files: files('own-environment'), settings: { testEnvironment: '<rootDir>/runs/own-environment.cjs' } },
  { files: files('whole'), settings: { setupFilesAfterEnv: ['<rootDir>/runs/whole-setup.cjs'] } },
  {
    files: files('broken'),
    settings: {
      setupFilesAfterEnv: ['<rootDir>/runs/broken-setup.cjs'],
      globalTeardown: '<rootDir>/runs/look.cjs',
    },
  },
  { files: files('clock'), settings: { fakeTimers: { enableGlobally: true } } },
  { files: files('without'), settings: { testEnvironment: 'node' } },
];

function files(...names: readonly string[]): readonly string[] {
  return names.map((name) => `runs/${name}`);
}

describe('files that one process of Jest runs', function () {
  this.timeout(120_000);
  let project: JestProject;
  let place: MochaSandbox;
  let tests: readonly RunnerTest[];
  let ofFiles: Readonly<Record<string, string>>;
  let output: string;
  before(async () => {
    project = await jestProject();
    place = await MochaSandbox.create();
    const report = join(place.path, 'report');
    const args = project.arguments({ parts: PARTS, report, args: ['--runInBand'] });
    ({ output } = await place.startNode(args, {}).done);
    tests = jestResults(report);
    ofFiles = jestFiles(report);
  });
  after(async () => {
    await place.remove();
  });

  function expectPassed(prefix: string, count: number): void {
    const found = tests.filter(({ title }) => title.startsWith(prefix));
    for (const { title, state, message } of found) expect(state, `${title}: ${message}`).to.equal('passed');
    expect(found, output).to.have.length(count);
  }

  function expectFailed(title: string): string {
    const test = tests.find((each) => each.title === title) ?? expect.fail(`no test "${title}" in:\n${output}`);
    expect(test.state, title).to.equal('failed');
    return test.message;
  }

  for (const title of ['first', 'second']) {
    it(`has the test's database in each kind of body and hook, and nothing of other files in Node (${title})`, () => {
      const guarded = `${title} opens a database that is not its own`;
      expect(expectFailed(guarded)).to.contain('[DBI_LEAK]').and.contain('bodies.cjs:');
      tests = tests.filter((test) => test.title !== guarded);
      expectPassed(`${title} `, 7);
    });
  }

  it('has none outside of the blocks that are isolated', () => expectPassed('outside has none', 2));

  it('isolates the whole suite by a file of setupFilesAfterEnv', () => expectPassed('the whole suite', 2));

  it('is not held up by a clock that stands still', () => expectPassed('a clock that stands still', 2));

  it('extends the environment of a team', () => expectPassed('an environment of the team', 1));

  it('keeps the database of a test that leaves a rejection', () => {
    const message = expectFailed('leaves a rejection');
    expect(message).to.contain('rejected on purpose').and.contain("text='before the rejection'");
  });

  it('lists what an attempt at a whole block has left', () => {
    expectPassed('a block that is tried again', 2);
    expect(output).to.match(/"a block that is tried again fails once": sqlite3 '/);
  });

  it('says which environment it needs', () => {
    expect(ofFiles['without.suite.cjs'])
      .to.contain('[DBI_NO_RUNNER]')
      .and.contain("testEnvironment: '@acme/db-isolation/runners/jest-environment'");
  });

  it('says where to call isolateEachTest', () => {
    expect(expectFailed('isolates too late')).to.contain('[DBI_NO_RUNNER]').and.contain('in the body of describe()');
  });

  it('leaves nothing after each file, not even after one that cannot be loaded', () => {
    expect(ofFiles['broken.suite.cjs']).to.contain('this file cannot be loaded');
    expect(readFileSync(join(place.signals, 'left'), 'utf8')).to.equal('[]');
    expect(place.runs()).to.deep.equal([]);
  });
});

describe('Jest with ES modules, in worker threads', function () {
  this.timeout(120_000);
  it('isolates tests of both module systems', async () => {
    const project = await jestProject();
    const place = await MochaSandbox.create();
    try {
      const report = join(place.path, 'report');
      const parts = [{ files: ['runs/modules', 'contract/apart-a', 'contract/apart-b'] }];
      const args = project.arguments({ parts, report, args: ['--maxWorkers=2', '--workerThreads'] });
      const { output } = await place.startNode(['--experimental-vm-modules', ...args], {}).done;
      const states = jestResults(report).map(({ title, state }) => `${title}: ${state}`);
      expect(states, output).to.have.members([
        'an ES module, first: passed',
        'an ES module, first, concurrently: passed',
        'an ES module, second: passed',
        'an ES module, second, concurrently: passed',
        'apart a sees nothing of the other worker: passed',
        'apart b sees nothing of the other worker: passed',
      ]);
      expect(place.runs()).to.deep.equal([]);
    } finally {
      await place.remove();
    }
  });
});
