import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { expect } from 'chai';
import type { RunnerTest } from '../contracts/runner-contract.ts';
import { MOCHA, type MochaRun, type MochaSandbox, NODE_OPTIONS, useMocha } from '../support/run-mocha.ts';
import { FIXTURES, nodeTestArguments, readNodeTestReport } from '../support/run-node-test.ts';
import { hangingAppear } from './ends-of-runs.ts';
import { twoAtATime } from './run-places.ts';

describe('node:test', function () {
  this.timeout(120_000);
  const { createSandbox } = useMocha();
  let life: NodeTestRun;
  let tap: NodeTestRun;
  let only: NodeTestRun;
  let terminated: NodeTestRun;
  let elsewhere: NodeTestRun;

  interface NodeTestRun extends MochaRun {
    readonly sandbox: MochaSandbox;
    readonly results: readonly RunnerTest[];
  }

  before(async () => {
    await twoAtATime(
      [
        async () => {
          life = await run(['life', 'frozen'], ['--test']);
        },
        async () => {
          terminated = await terminate();
          elsewhere = await finish(await createSandbox(), [
            ...NODE_OPTIONS,
            fileURLToPath(new URL('bin/mocha.js', MOCHA.mocha)),
            ...['--no-config', '--no-package', `${FIXTURES}elsewhere.suite.ts`],
          ]);
        },
        async () => {
          only = await run(['only'], ['--test', '--test-only']);
        },
        async () => {
          tap = await finish(await createSandbox(), [
            ...NODE_OPTIONS,
            ...['--test', '--test-reporter=tap', '--test-name-pattern=/subtest that fails|fails in a subtest|signal/'],
            `${FIXTURES}life.suite.ts`,
          ]);
        },
      ],
      (start) => start(),
    );
  });

  async function run(names: readonly string[], options: readonly string[]): Promise<NodeTestRun> {
    const sandbox = await createSandbox();
    const report = join(sandbox.path, 'report');
    const files = names.map((name) => `${FIXTURES}${name}.suite.ts`);
    const finished = await finish(sandbox, nodeTestArguments(files, report, options));
    return { ...finished, results: readNodeTestReport(report) };
  }

  async function finish(sandbox: MochaSandbox, args: readonly string[]): Promise<NodeTestRun> {
    return { ...(await sandbox.startNode(args, {}).done), sandbox, results: [] };
  }

  /** A file that is run by itself, and ended while a test hangs. */
  async function terminate(): Promise<NodeTestRun> {
    const sandbox = await createSandbox();
    const started = sandbox.startNode([...NODE_OPTIONS, `${FIXTURES}contract/hang-a.suite.ts`], {});
    const early = started.done.then(({ output }) => {
      throw new Error(`the run ended by itself:\n${output}`);
    });
    early.catch(() => undefined); // it ends later on, when nobody waits here any more
    await Promise.race([hangingAppear(sandbox, 1), early]);
    started.kill('SIGTERM');
    return { ...(await started.done), sandbox, results: [] };
  }

  function stateOf(title: string): string {
    return find(title).state;
  }

  function find(title: string): RunnerTest {
    const test = life.results.find((result) => result.title === title);
    return test ?? expect.fail(`no test "${title}" in:\n${life.output}`);
  }

  /** What a database holds that is listed at the end of the run. */
  function listed(title: string): readonly string[] {
    const [, file] = life.output.split(`  "${title}": sqlite3 '`);
    return notesIn(file?.slice(0, file.indexOf("'")));
  }

  it('gives a database to tests of a file, with callbacks, and while several of them run', () => {
    for (const title of [
      'a test outside of all describe blocks has a database',
      'a test with a callback has its own database',
      ...['one', 'two', 'three'].map((name) => `at the same time ${name}`),
      'the last test starts clean',
    ])
      expect(stateOf(title), find(title).message).to.equal('passed');
  });

  it('shares the database of a test with its subtests', () => {
    const found = life.results.filter(({ title }) => title.startsWith('subtests share the database of their test'));
    expect(found.map(({ state }) => state)).to.deep.equal(Array(7).fill('passed'));
  });

  it('keeps one database for a test whose subtest failed, and lists it at the end', () => {
    expect(find('a test with a subtest that fails fails in a subtest').state).to.equal('failed');
    expect(find('a test with a subtest that fails').message).to.equal('1 subtest failed');
    expect(listed('a test with a subtest that fails')).to.deep.equal([
      'template',
      'before its subtest',
      'in its subtest',
    ]);
  });

  it('does not fail the run for a test that is to be done, and shows what it left', () => {
    const { state, message } = find('a test that is to be done fails');
    expect(state).to.equal('skipped');
    expect(message).to.contain('failed on purpose, to be done\nWhat the test changed in it:');
  });

  it('takes the database away after afterEach and what t.after() was given', () => {
    expect(stateOf('cleaning up a test has its database in t.after()')).to.equal('passed');
    expect(stateOf('cleaning up a test was seen by its hooks')).to.equal('passed');
    expect(stateOf('cleaning up a test disposes of one more database')).to.equal('passed');
  });

  it('lists the database at the end whose test failed in t.after()', () => {
    expect(find('cleaning up a test fails in t.after()').message).to.equal('t.after failed on purpose');
    expect(listed('cleaning up > a test fails in t.after()')).to.deep.equal(['template', 'fails in t.after()']);
    expect(stateOf('cleaning up a test after it starts clean')).to.equal('passed');
  });

  it("shows the stack of a failure without the library's own frames", () => {
    const [, shown = ''] = /thrown at once on purpose\n([\s\S]*?)\n\n/.exec(life.output) ?? [];
    expect(shown).to.contain('life.suite.ts:').and.not.contain('src/runners');
  });

  it('fails a test by name that leaves a rejection unhandled', () => {
    expect(find('a test leaves a rejection unhandled').message).to.match(
      /^rejected on purpose\nIt also leaked\.\n.*\[unhandled-rejection\]\n[\s\S]*Open it with: sqlite3/,
    );
  });

  it('keeps the database of a test whose time is up', () => {
    expect(find('a test is told by its signal that its time is up').message).to.match(
      /^test timed out after 1000ms\n[\s\S]*text='waits for its signal'/,
    );
  });

  it('leaves nothing but databases that are named', () => {
    const named = [...life.output.matchAll(/sqlite3 '([^']+)'/g)].map(([, file]) => file);
    expect(new Set(named)).to.deep.equal(new Set(life.sandbox.kept()));
    for (const { sandbox } of [life, tap, only, terminated]) expect(sandbox.runs()).to.deep.equal([]);
  });

  it('says so where isolateEachTest cannot tell tests apart, and names what can', () => {
    for (const title of ['fails a test', 'fails another test']) {
      const { state, message } = find(`without a way to tell tests apart ${title}`);
      expect(state).to.equal('failed');
      expect(message).to.contain("it('…', isolated(isolation,").and.contain('[DBI_NO_RUNNER]');
    }
    expect(stateOf('wrapped test functions work')).to.equal('passed');
    expect(stateOf('wrapped test functions work in a subtest')).to.equal('passed');
  });

  it('shows the kept database in TAP as well', () => {
    expect(tap.output).to.match(/error: \|-\n\s+test timed out after 1000ms\n[\s\S]*Open it with: sqlite3/);
  });

  it('runs what --test-only selects', () => {
    expect(only.results.map(({ title, state }) => [title, state])).to.deep.equal([
      ['the only one runs', 'passed'],
      ['another does not', 'skipped'],
    ]);
    expect(only.code, only.output).to.equal(0);
  });

  it('leaves nothing but kept databases when SIGTERM ends a file that runs by itself', () => {
    expect([terminated.code, terminated.signal], terminated.output).to.deep.equal([143, null]);
    expect(terminated.sandbox.kept()).to.have.length(1);
  });

  it('is needed: under Mocha, both functions refuse to work', () => {
    expect(elsewhere.output).to.contain('2 passing');
    expect(elsewhere.code).to.equal(0);
  });
});

function notesIn(file: string | undefined): readonly string[] {
  const database = new Database(file, { readonly: true, fileMustExist: true });
  try {
    return database.prepare<[], string>('select text from note order by id').pluck().all();
  } finally {
    database.close();
  }
}
