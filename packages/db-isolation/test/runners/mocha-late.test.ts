import { expect } from 'chai';
import { type FinishedRun, type MochaRun, useMocha } from '../support/run-mocha.ts';

const AT_THE_END = 'the end of the test databases';

describe('what Mocha does not see of a test', function () {
  this.timeout(120_000);
  const mocha = useMocha();
  const ways = ['root hooks, serial', 'root hooks, parallel', 'isolateEachTest, serial'];
  let runs: readonly FinishedRun[];
  let last: FinishedRun;
  let exit: FinishedRun;

  before(async () => {
    const suites = ['requests', 'stray-errors'];
    const args = ['--timeout', '30000'];
    const [last_, exit_, ...others] = await mocha.all([
      { suites: ['last'] },
      { suites: ['exit'], env: { FIXTURE_EXIT_CODE: '0' } },
      { suites, args },
      { suites, args, parallel: true },
      { suites, args, mode: 'each' },
    ]);
    last = last_;
    exit = exit_;
    runs = others;
  });

  for (const [index, way] of ways.entries()) {
    const run = () => runs[index] ?? expect.fail('it did not run');

    it(`its requests reach its own database on a server that listens since before() (${way})`, () => {
      const tests = run().tests.filter(({ title }) => title.startsWith('requests to a server'));
      expect(tests.filter(({ state }) => state === 'passed')).to.have.length(6);
      expect(tests.filter(({ state }) => state !== 'passed')).to.deep.equal([]);
    });

    it(`a rejection that nobody handles fails it by name, and no other test (${way})`, () => {
      expect(failed(run(), 'errors that nobody catches')).to.have.members([
        'errors that nobody catches a rejection of its own',
        'errors that nobody catches an error of its own timer',
      ]);
      const own = run().tests.find(({ code }) => code === 'DBI_LEAK');
      expect(own?.message)
        .to.contain('rejected by the test on purpose')
        .and.match(/\[unhandled-rejection\]\n\s+at \S*stray-errors\.suite\.ts:\d+/);
    });

    it(`what it does after its end fails the run under its name (${way})`, () => {
      const late = run().tests.filter(({ title }) => title.includes(AT_THE_END));
      const lines = late.flatMap(({ message }) => message.split('\n')).filter((line) => line.startsWith('- '));
      expect(lines.map((line) => line.replace(/": .*\[/, '": ['))).to.have.members([
        '- "requests to a server that listens since before() of a test that has ended sends after its end": [late-use]',
        '- "errors that nobody catches a rejection in what it left running": [unhandled-rejection]',
        '- "errors that nobody catches a query for a database that has gone, not awaited": [late-use]',
      ]);
    });
  }

  it('what it does when the run is over is printed under its name, and the exit code says so', () => {
    expect(last.output).to.contain('"the last test leaves something that happens after the run": it used its database');
    expect(failed(last, '')).to.deep.equal([]);
    expect(last.code).to.equal(1);
  });

  it('process.exit(0) in the middle of it is printed under its name, and the exit code is not 0', () => {
    expect(exit.output).to.match(
      /- "a test that ends the process ends it": .* \[exit\]\n {2}at \S*exit\.suite\.ts:\d+/,
    );
    expect(exit.code).to.equal(1);
  });
});

function failed({ tests }: MochaRun, prefix: string): readonly string[] {
  return tests.filter(({ state, title }) => state === 'failed' && title.startsWith(prefix)).map(({ title }) => title);
}
