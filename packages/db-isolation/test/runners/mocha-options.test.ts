import { expect } from 'chai';
import { type FinishedRun, useMocha } from '../support/run-mocha.ts';

describe('an option of Mocha', function () {
  this.timeout(120_000);
  const mocha = useMocha();
  let bail: FinishedRun;
  let dryRun: FinishedRun;
  let only: FinishedRun;
  let forbidOnly: FinishedRun;
  let tdd: FinishedRun;
  let tddEach: FinishedRun;

  before(async () => {
    [bail, dryRun, only, forbidOnly, tdd, tddEach] = await mocha.all([
      { suites: ['failures', 'plain'], args: ['--bail'] },
      { suites: ['bodies', 'failures'], args: ['--dry-run'] },
      { suites: ['only'], args: ['--timeout', '1'] },
      { suites: ['only'], args: ['--forbid-only'] },
      { suites: ['tdd'], args: ['--ui', 'tdd'] },
      { suites: ['tdd'], args: ['--ui', 'tdd'], mode: 'each' },
    ]);
  });

  it('--bail ends the run after one failure, whose database is kept and named', () => {
    expect(bail.tests.map(({ title }) => title)).to.deep.equal(['failures throws']);
    expect(bail.sandbox.kept()).to.have.length(1);
    expect(bail.tests[0]?.message).to.contain(bail.sandbox.kept()[0]);
    expect(bail.sandbox.runs()).to.deep.equal([]);
  });

  it('--dry-run touches no database', () => {
    expect(dryRun.code).to.equal(0);
    expect(dryRun.tests).to.have.length.above(20);
    expect(dryRun.sandbox.isUntouched()).to.equal(true);
  });

  it('.only runs that test alone, on its own database', () => {
    expect(only.tests.map(({ title, state }) => [title, state])).to.deep.equal([['only is run', 'passed']]);
    expect(only.sandbox.runs()).to.deep.equal([]);
  });

  it('--timeout leaves the time for making and removing databases alone', () => {
    expect(only.code).to.equal(0);
  });

  it('--forbid-only fails before any database is made', () => {
    expect(forbidOnly.code).not.to.equal(0);
    expect(forbidOnly.output).to.contain('--forbid-only');
    expect(forbidOnly.sandbox.isUntouched()).to.equal(true);
  });

  for (const mode of ['root hooks', 'isolateEachTest']) {
    it(`--ui tdd works (${mode})`, () => {
      const { tests, sandbox } = mode === 'root hooks' ? tdd : tddEach;
      expect(tests.map(({ title, state }) => [title, state])).to.deep.equal([
        ['tdd first', 'passed'],
        ['tdd second', 'passed'],
      ]);
      expect(sandbox.runs()).to.deep.equal([]);
    });
  }
});
