import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type MochaRun, type MochaSandbox, useMocha } from '../support/run-mocha.ts';

describe('the guard under Mocha', () => {
  const mocha = useMocha();
  const ways = ['root hooks', 'isolateEachTest'];
  const runs: { readonly sandbox: MochaSandbox; readonly run: MochaRun }[] = [];

  before(async () => {
    for (const mode of ['root', 'each'] as const) {
      const sandbox = await mocha.createSandbox();
      const env = { FIXTURE_PRODUCTION: sandbox.path };
      runs.push({ sandbox, run: await sandbox.mocha({ suites: ['guard', 'verify'], mode, env }) });
    }
  });

  for (const [index, way] of ways.entries()) {
    const run = () => runs[index]?.run ?? expect.fail('it did not run');
    const failure = (title: string) =>
      run().tests.find((test) => test.state === 'failed' && test.title.endsWith(title)) ??
      expect.fail(`"${title}" did not fail`);

    it(`fails a test whose app opens another database and says nothing of it, and names the line (${way})`, () => {
      const { message, code } = failure('opened by a route that answers 200 all the same');
      expect(code).to.equal('DBI_LEAK');
      expect(message).to.match(/production\.sqlite.*\[foreign-database\]\n {2}at \S*guard\.suite\.ts:\d+/);
    });

    it(`fails a test that opens another database, once (${way})`, () => {
      const { message, code } = failure('opened by the test');
      expect(code).to.equal('DBI_FOREIGN_DATABASE');
      expect(message).not.to.contain('leaked');
    });

    it(`opens nothing, not even in before() (${way})`, () => {
      expect(existsSync(join(runs[index]?.sandbox.path ?? '', 'production.sqlite'))).to.equal(false);
      const passed = run()
        .tests.filter(({ state }) => state === 'passed')
        .map(({ title }) => title);
      expect(passed).to.include.members([
        'the production database was refused in before() as well',
        'the production database in memory is nobody’s',
        'verifyIsolation finds nothing wrong with this set-up, the guard included',
      ]);
    });

    it(`reports what was opened outside of all tests at the end (${way})`, () => {
      const end = run().tests.find(({ title }) => title.includes('the end of the test databases'));
      expect(end?.message).to.match(/^- "outside of all tests": .*production\.sqlite.* \[foreign-database\]$/m);
    });
  }
});
