import { writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { type FinishedRun, type MochaRun, useMocha } from '../support/run-mocha.ts';

const MISSING = { FIXTURE_MIGRATIONS: 'no/such/migrations' };

const NEED_A_DATABASE = [
  'without a database an async test',
  'without a database a test with a callback',
  'without a database in a nested block a retried test',
];

describe('without a database', function () {
  this.timeout(120_000);
  const mocha = useMocha();
  let root: FinishedRun;
  let parallel: FinishedRun;
  let each: FinishedRun;
  let unusable: MochaRun;

  before(async () => {
    const sandbox = await mocha.createSandbox();
    writeFileSync(sandbox.databases, 'a file where a directory should be');
    [root, parallel, each] = await mocha.all([
      { suites: ['no-database', 'plain'], env: MISSING },
      { suites: ['no-database', 'plain'], env: MISSING, parallel: true },
      { suites: ['no-database', 'plain'], env: MISSING, mode: 'each' },
    ]);
    unusable = await sandbox.mocha({ suites: ['no-database', 'plain'] });
  });

  const PLAIN = 'a suite that needs no database runs';

  for (const way of ['serial', 'parallel']) {
    it(`every test of the run fails by name with the reason, under root hooks (${way})`, () => {
      const run = way === 'serial' ? root : parallel;
      expect(failed(run)).to.have.members([...NEED_A_DATABASE, PLAIN]);
      expect(run.tests).to.have.length(4);
      expect(run.code).to.equal(4);
      for (const { message, code } of run.tests) {
        expect(code).to.equal('DBI_SCHEMA_NOT_FOUND');
        expect(message)
          .to.match(/^No migrations found at .*no\/such\/migrations\./)
          .and.contain('[DBI_SCHEMA_NOT_FOUND]');
      }
      expect(run.sandbox.runs()).to.deep.equal([]);
    });
  }

  it('every test of the block fails by name and other suites run, with isolateEachTest', () => {
    expect(failed(each)).to.have.members(NEED_A_DATABASE);
    expect(each.tests.find(({ title }) => title === PLAIN)?.state).to.equal('passed');
    expect(each.code).to.equal(3);
  });

  it('tests fail by name when the directory for databases is a file', () => {
    expect(failed(unusable)).to.have.members([...NEED_A_DATABASE, PLAIN]);
    for (const { code } of unusable.tests) expect(code).to.equal('DBI_DIRECTORY_UNUSABLE');
  });
});

describe('hooks that do not run', function () {
  this.timeout(120_000);
  const mocha = useMocha();
  let imported: FinishedRun;
  let outside: MochaRun;

  before(async () => {
    const sandbox = await mocha.createSandbox();
    [imported, outside] = await Promise.all([
      mocha.run({ suites: ['current'], load: '--import' }),
      sandbox.startScript('outside').done,
    ]);
  });

  it('because --import loaded them: current() says so and names --require', () => {
    const [test] = imported.tests;
    expect(test?.code).to.equal('DBI_HOOKS_NOT_RUN');
    expect(test?.message).to.contain('--import').and.contain('--require');
  });

  it('because there is no Mocha: isolateEachTest() says so', () => {
    expect(outside.output).to.equal('DBI_NO_RUNNER');
  });
});

describe('what might end a whole run', function () {
  this.timeout(120_000);
  const mocha = useMocha();
  let root: FinishedRun;
  let each: FinishedRun;

  before(async () => {
    const suites = ['stray', 'two-isolations', 'undiscardable', 'plain', 'closed']; // the last one closes the isolation
    [root, each] = await mocha.all([{ suites }, { suites, mode: 'each' }]);
  });

  for (const mode of ['root hooks', 'isolateEachTest']) {
    it(`a timer that throws while a database is made or removed fails one test, not the run (${mode})`, () => {
      const run = mode === 'root hooks' ? root : each;
      expect(failed(run, 'a timer')).to.deep.equal([
        'a timer of an ended test that throws gets its database while the timer throws',
        'a timer of an ended test that throws makes its own release meet it',
      ]);
      const messages = run.tests.filter(({ state }) => state === 'failed').map(({ message }) => message);
      expect(messages[0]).to.match(/^thrown during acquire on purpose/);
      expect(messages[1]).to.match(/^thrown during release on purpose/);
      expect(passed(run, 'a ')).to.have.members([
        'a timer of an ended test that throws passes and makes the next acquire meet it',
        'a timer of an ended test that throws passes afterwards',
        'a timer of an ended test that throws makes its own release meet it',
        'a timer of an ended test that throws passes at the end',
        'a suite that needs no database runs',
      ]);
      expect(run.sandbox.runs()).to.deep.equal([]);
    });

    it(`two isolations give one test a database each, also when one of them cannot (${mode})`, () => {
      const run = mode === 'root hooks' ? root : each;
      expect(failed(run, 'two')).to.deep.equal([
        'two isolations of which one cannot give a database fails by name',
        'two isolations of which one cannot give a database fails by name too',
        'two isolations of which the first cannot give a database fails by name',
      ]);
      for (const { message } of run.tests.filter(({ state, title }) => state === 'failed' && title.startsWith('two'))) {
        expect(message).to.match(/^broken on purpose\nThe test changed nothing in it\.\nIts database was kept: /);
      }
      const both = run.tests.find(({ title }) => title.endsWith('one cannot give a database fails by name'));
      expect(both?.message.match(/was kept/g), both?.message).to.have.length(2);
      expect(passed(run, 'two')).to.have.members([
        'two isolations give a test a database each, also when it is retried, first',
        'two isolations give a test a database each, also when it is retried, second',
        'two isolations pass afterwards',
      ]);
      expect(run.sandbox.runs()).to.deep.equal([]);
    });

    it(`a database of an earlier attempt that cannot be removed costs a warning, and the tests go on (${mode})`, () => {
      const run = mode === 'root hooks' ? root : each;
      const tests = run.tests.filter(({ title }) => title.startsWith('retried, '));
      expect(tests.map(({ title, state }) => [title.replace(/^.* removed /, ''), state])).to.have.deep.members([
        ['fails in every attempt', 'failed'],
        ['is followed by one that runs', 'passed'],
      ]);
      expect(tests.find(({ state }) => state === 'failed')?.message).to.match(
        /^attempt 2 .*\n(.*\n)*Its database was kept: /,
      );
      expect(run.output).to.contain('fails in every attempt": cannot be discarded');
    });

    it(`a file that closes the isolation makes the tests after it fail by name (${mode})`, () => {
      const run = mode === 'root hooks' ? root : each;
      const tests = run.tests.filter(({ title }) => title.startsWith('after that'));
      expect(tests.map(({ title, code }) => [title, code])).to.deep.equal([
        ['after that a test fails by name', 'DBI_CLOSED'],
        ['after that and so does the next', 'DBI_CLOSED'],
      ]);
    });
  }
});

function failed({ tests }: MochaRun, prefix = ''): readonly string[] {
  return tests.filter(({ state, title }) => state === 'failed' && title.startsWith(prefix)).map(({ title }) => title);
}

function passed({ tests }: MochaRun, prefix: string): readonly string[] {
  return tests.filter(({ state, title }) => state === 'passed' && title.startsWith(prefix)).map(({ title }) => title);
}
