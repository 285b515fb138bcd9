import { existsSync } from 'node:fs';
import { expect } from 'chai';
import { type FinishedRun, useMocha } from '../support/run-mocha.ts';

describe('the output of Mocha', function () {
  this.timeout(120_000);
  const mocha = useMocha();
  let serial: FinishedRun;
  let parallel: FinishedRun;
  let never: FinishedRun;
  let always: FinishedRun;
  let retriedAlways: FinishedRun;

  before(async () => {
    [serial, parallel, never, always, retriedAlways] = await mocha.all([
      { suites: ['failures'], reporter: 'spec', mode: 'each' },
      { suites: ['failures', 'plain'], reporter: 'spec', parallel: true },
      { suites: ['failures'], env: { DB_ISOLATION_KEEP: 'never' } },
      { suites: ['many'], env: { DB_ISOLATION_KEEP: 'always' } },
      { suites: ['failures'], args: ['--grep', 'third attempt|fails in every'], env: { DB_ISOLATION_KEEP: 'always' } },
    ]);
  });

  for (const way of ['serial', 'parallel']) {
    it(`of the default reporter shows the error, what the test changed, and the command that opens its database (${way})`, () => {
      const { output, sandbox } = way === 'serial' ? serial : parallel;
      const shown = output.slice(output.indexOf('failing'));
      const failure =
        /Error: thrown on purpose\nWhat the test changed in it:\n {2}note: 1 inserted\n {4}\+ id=2: text='failures throws'\nIts database was kept: sqlite:\/\/(\S+)\nOpen it with: sqlite3 '(\S+)'/;
      const [, url, file] = failure.exec(shown) ?? [];
      expect(url, output).to.equal(file);
      expect(sandbox.kept()).to.include(file);
    });

    it(`of the default reporter still shows the diff of an assertion (${way})`, () => {
      const { output } = way === 'serial' ? serial : parallel;
      expect(output).to.match(/AssertionError: expected .* to deeply equal .*\nWhat the test changed in it:/);
      expect(output).to.match(/\+ expected - actual/);
      expect(output).to.match(/^\s+-\s+10$/m);
    });
  }

  it("says nothing of databases when keep is 'never', and nothing is kept", () => {
    expect(never.tests.filter(({ state }) => state === 'failed')).to.have.length(16);
    expect(JSON.stringify(never.tests)).not.to.contain('was kept');
    expect(never.output).not.to.contain('kept databases');
    expect(never.sandbox.kept()).to.deep.equal([]);
    expect(never.sandbox.runs()).to.deep.equal([]);
  });

  it("lists what keep 'always' kept at the end: 20 lines, then a count", () => {
    expect(always.code).to.equal(0);
    const [, list = ''] = always.output.split('db-isolation: kept databases:\n');
    const lines = list.trimEnd().split('\n');
    expect(lines).to.have.length(21);
    expect(lines.at(-1)).to.equal('  and 5 more that were not kept, since a project has enough');
    for (const [index, line] of lines.slice(0, 20).entries()) {
      const [, title, file = ''] = /^ {2}"(.+)": sqlite3 '(.+)'$/.exec(line) ?? [];
      expect(title).to.equal(`many tests that pass number ${index + 1}`);
      expect(existsSync(file), line).to.equal(true);
    }
    expect(always.sandbox.runs()).to.deep.equal([]);
  });

  it("of a retried test, keep 'always' keeps the last failed attempt and the one that passed", () => {
    const names = retriedAlways.sandbox.kept().map((path) => path.replace(/^.*\/kept-\d+-(.+)-[0-9a-f]+\/.*$/, '$1'));
    expect(names).to.deep.equal([
      'failures-fails-in-every-attempt',
      'failures-passes-at-the-third-attempt',
      'failures-passes-at-the-third-attempt',
    ]);
  });
});
