import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import Database from 'better-sqlite3';
import { expect } from 'chai';
import { hangingAppear } from '../runners/ends-of-runs.ts';
import { twoAtATime, useRunPlaces } from '../runners/run-places.ts';
import type { MochaSandbox } from '../support/run-mocha.ts';

// What every test runner's adapter keeps, whatever the runner. To plug one in:
//
// 1. Write a `Dialect` (test/fixtures/contract/dialect.ts), which says how the runner spells describe, it, a time limit…
//    (test/fixtures/mocha/contract/dialect.ts is one).
// 2. Write four files of tests that the runner under test runs, each of one line: `contractSuite(dialect)`,
//    `apartSuite(dialect, 'a')`, `apartSuite(dialect, 'b')` and `hangSuite(dialect)` of test/fixtures/contract/. The
//    scenarios are there, once for all runners; they are CommonJS-safe and use `node:assert`.
// 3. Write a `RunnerUnderTest`: the command that runs such files, and how its results are read.
// 4. In test/runners/<runner>-contract.test.ts: `runnerContract('Vitest, forks', vitest({ pool: 'forks' }))`.
//
// Each subject costs two runs of the runner: one of all scenarios, and one that is ended by Ctrl-C.

/** One file of tests: all scenarios, two that run at the same time in two workers, and two that hang. */
type ContractFile = 'suite' | 'apart-a' | 'apart-b' | 'hang-a' | 'hang-b';

/** One test as the runner's own report tells of it. A test that a hook has failed counts as that test, once. */
export interface RunnerTest {
  /** With those of the describe blocks around it, separated by spaces. */
  readonly title: string;
  readonly state: 'passed' | 'failed' | 'skipped';
  /** All that the report has about the failure; empty for the others. */
  readonly message: string;
}

interface FinishedRunnerRun {
  readonly code: number | null;
  readonly signal: string | null;
  /** What the runner printed in its default format, standard output and standard error. */
  readonly output: string;
  readonly tests: readonly RunnerTest[];
}

/** What a runner may do without, and what the contract then leaves out. */
type Feature = 'concurrency' | 'retries' | 'skipping itself' | 'workers' | 'Ctrl-C';

export interface RunnerUnderTest {
  /**
   * What `node` is started with, in the directory of this package, so that the runner runs these files, prints as it
   * does by default, and writes its results to `report` as well. Time limits of its own have to be long, 60 s.
   */
  command(files: readonly ContractFile[], report: string): RunnerCommand;
  /** Reads that file. */
  results(report: string): readonly RunnerTest[];
  /** The exit code of a run with these results. */
  exitCode(tests: readonly RunnerTest[]): number;
  /** The exit code after Ctrl-C. */
  readonly interrupted: number;
  /** What this runner does not have, and why. */
  readonly lacks?: { readonly [feature in Feature]?: string };
}

interface RunnerCommand {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** What fails in the suite `failures`, and what its database then holds besides the template. */
const FAILURES: Readonly<Record<string, string>> = {
  'failures throws': 'throws',
  'failures fails an assertion': 'fails an assertion',
  'failures with a beforeEach that fails is the test': 'with a beforeEach that fails',
  'failures with an afterEach that fails is the test': 'with an afterEach that fails',
};

/** The same, where a runner may have no way to say more in the failure: then it is listed at the end of the run. */
const HARD_TO_NAME: Readonly<Record<string, string>> = {
  'failures throws a string': 'throws a string',
  'failures throws a frozen error': 'throws a frozen error',
  'failures throws what another test throws too, one': 'throws what another test throws too, one',
  'failures throws what another test throws too, two': 'throws what another test throws too, two',
};

const RETRIED = 'failures fails in every attempt';
const RESCUED = 'failures passes in its last attempt';
const CONCURRENT = ['one', 'two', 'three'].map((title) => `concurrent ${title}`);

export function runnerContract(name: string, subject: RunnerUnderTest): void {
  describe(`the contract of test runners: ${name}`, function () {
    this.timeout(240_000);
    const createPlace = useRunPlaces();
    const { lacks = {} } = subject;
    let run: FinishedRunnerRun;
    let sandbox: MochaSandbox;
    let interrupted: FinishedRunnerRun;
    let afterInterruption: MochaSandbox;

    before(async () => {
      const runs = lacks['Ctrl-C'] ? [() => runAll()] : [() => runAll(), () => interrupt()];
      await twoAtATime(runs, (start) => start());
    });

    async function runAll(): Promise<void> {
      sandbox = (await createPlace('sqlite')).sandbox;
      run = await start(sandbox, lacks.workers ? ['suite'] : ['suite', 'apart-a', 'apart-b']).done;
    }

    async function interrupt(): Promise<void> {
      afterInterruption = (await createPlace('sqlite')).sandbox;
      const files: readonly ContractFile[] = lacks.workers ? ['hang-a'] : ['hang-a', 'hang-b'];
      const started = start(afterInterruption, files);
      const early = started.done.then(({ output }) => {
        throw new Error(`the run ended by itself:\n${output}`);
      });
      early.catch(() => undefined); // it ends later on, when nobody waits here any more
      await Promise.race([hangingAppear(afterInterruption, files.length), early]);
      started.kill('SIGINT', 'group');
      interrupted = await started.done;
    }

    function start(place: MochaSandbox, files: readonly ContractFile[]) {
      const report = join(place.path, 'report');
      const { args, env = {} } = subject.command(files, report);
      const started = place.startNode(args, env);
      const done = started.done.then(({ code, signal, output }): FinishedRunnerRun => {
        return { code, signal, output, tests: files.includes('suite') ? subject.results(report) : [] };
      });
      return { done, kill: started.kill.bind(started) };
    }

    /** A test of the contract, or a pending one that says why this runner does without. */
    function itWith(feature: Feature, title: string, body: () => void): void {
      const reason = lacks[feature];
      if (reason === undefined) it(title, body);
      else it(`${title} (not here: ${reason})`);
    }

    it('gives each test, with its hooks and nested blocks, a database that equals the template', () => {
      expectPassed(run, 'own database ', 6);
    });

    it("lets the app answer from the test's own database, however it came by it", () => {
      expectPassed(run, 'app ', 8);
    });

    itWith('concurrency', 'keeps tests apart that run at the same time', () => {
      for (const title of CONCURRENT) expect(find(run, title).state, find(run, title).message).to.equal('passed');
      expectFailure(run, 'concurrent fails', /failed on purpose/, 'fails\nfails, by the app');
      expectFailure(run, 'concurrent leaks', /\[open-transaction\]/);
      expect(find(run, 'concurrent leaks').message).to.contain('[DBI_LEAK]');
    });

    it('names the kept database in the failure, with what changed in it and the command that opens it', () => {
      for (const [title, text] of Object.entries(FAILURES)) {
        expectFailure(run, title, /on purpose|vat/, text);
        const { message } = find(run, title);
        expect(message, title).to.contain(`text='${text}'`).and.contain('What the test changed in it:');
      }
    });

    it('names it there or at the end of the run when an error cannot say it', () => {
      for (const [title, text] of Object.entries(HARD_TO_NAME)) {
        expect(find(run, title).state, title).to.equal('failed');
        expect(notesIn(keptOf(run, title)), title).to.deep.equal(['template', text]);
      }
    });

    itWith('retries', 'keeps the last failed attempt of a retried test only', () => {
      expect(find(run, RETRIED).state).to.equal('failed');
      expect(notesIn(keptOf(run, RETRIED))).to.deep.equal(['template', 'fails in every attempt, 3']);
      expect(find(run, RESCUED).state).to.equal('passed');
      expect(notesIn(keptOf(run, RESCUED))).to.deep.equal(['template', 'passes in its last attempt, 2']);
    });

    it('does nothing about skipped tests, and goes on after all that fails', () => {
      expect(titles(run, 'skipped', 'failures ')).to.have.members([
        'failures is skipped',
        'failures is still to be written',
        ...(lacks['skipping itself'] ? [] : ['failures skips itself']),
      ]);
      expect(titles(run, 'passed', 'failures ')).to.have.members([
        'failures passes after all these',
        ...(lacks.retries ? [] : [RESCUED]),
      ]);
    });
    if (lacks['skipping itself']) it(`a test that skips itself (not here: ${lacks['skipping itself']})`);

    it('keeps late work of a test that timed out or passed away from the next test', () => {
      expect(titles(run, 'failed', 'late work')).to.deep.equal(['late work times out']);
      expect(notesIn(keptOf(run, 'late work times out'))).to.deep.equal(['template', 'times out']);
      expect(titles(run, 'passed', 'late work')).to.have.length(3);
    });

    it('names at the end who used a database too late', () => {
      const lines = plain(run.output).matchAll(/"(late work [^"]+)": .*\[late-use\]/g);
      const named = new Set([...lines].map(([, title = '']) => spaced(title)));
      const expected = ['late work times out', 'late work is left running by a test that passes'];
      expect([...named], run.output).to.have.members(expected);
    });

    it('fails a test that leaves something open, by name', () => {
      const { message } = expectFailure(
        run,
        'leaks leaves a transaction open',
        /\[DBI_LEAK\]/,
        'leaves a transaction open',
      );
      expect(message).to.contain('it left a transaction open, which was rolled back [open-transaction]');
      expect(find(run, 'leaks are not seen by the next test').state).to.equal('passed');
    });

    it('fails each test by name for which there is no database, and goes on', () => {
      for (const title of [
        'no database fails one test',
        'no database fails another test',
        'no database and no use for one fails a test',
      ]) {
        const { state, message } = find(run, title);
        expect(state, title).to.equal('failed');
        expect(message, title).to.contain('a schema that is broken on purpose');
      }
      expect(find(run, 'no database in the block before does no harm').state).to.equal('passed');
    });

    itWith('workers', 'keeps workers apart that run at the same time', () => {
      for (const name of ['a', 'b']) {
        const { state, message } = find(run, `apart ${name} sees nothing of the other worker`);
        expect(state, message).to.equal('passed');
      }
    });

    it('leaves nothing but the databases that the output names', () => {
      expect(sandbox.runs()).to.deep.equal([]);
      const named = [...plain(run.output).matchAll(/sqlite3 '([^']+)'/g)].map(([, file]) => file);
      expect(new Set(named)).to.deep.equal(new Set(sandbox.kept()));
      expect([run.code, run.signal], run.output).to.deep.equal([subject.exitCode(run.tests), null]);
    });

    itWith('Ctrl-C', 'leaves nothing but kept databases after Ctrl-C', () => {
      const { code, signal, output } = interrupted;
      expect(afterInterruption.runs(), output).to.deep.equal([]);
      expect(afterInterruption.kept(), output).to.have.length(lacks.workers ? 1 : 2);
      expect([code, signal], output).to.deep.equal([subject.interrupted, null]);
    });

    /** That a failure names its kept database, which holds this besides the template, one line each. */
    function expectFailure(
      { output, tests }: FinishedRunnerRun,
      title: string,
      why: RegExp,
      text?: string,
    ): RunnerTest {
      const test = find({ output, tests }, title);
      const { state, message } = test;
      expect(state, title).to.equal('failed');
      expect(message, title).to.match(why);
      const [command = '', file = ''] = COMMAND.exec(message) ?? [];
      expect(file, `${title} names no kept database:\n${message}`).not.to.equal('');
      expect(plain(output), title).to.contain(command);
      if (text !== undefined) expect(notesIn(file), title).to.deep.equal(['template', ...text.split('\n')]);
      return test;
    }
  });
}

/** What opens a kept database; its group is the file. */
const COMMAND = /Open it with: sqlite3 '([^']+)'/;

/** A kept database: the one that is listed for a test at the end of the run, else the one that its failure names. */
function keptOf(run: FinishedRunnerRun, title: string): string {
  const listed = [...plain(run.output).matchAll(/^\W*"(.+)": sqlite3 '([^']+)'/gm)];
  const [, , file] = listed.find(([, ofTest = '']) => spaced(ofTest) === title) ?? [];
  const [, named] = COMMAND.exec(find(run, title).message) ?? [];
  return file ?? named ?? expect.fail(`no kept database is named for "${title}" in:\n${run.output}`);
}

function notesIn(file: string): readonly string[] {
  const database = new Database(file, { readonly: true });
  try {
    return database.prepare<[], string>('select text from note order by id').pluck().all();
  } finally {
    database.close();
  }
}

function find({ tests, output }: Pick<FinishedRunnerRun, 'tests' | 'output'>, title: string): RunnerTest {
  const found = tests.filter((test) => test.title === title);
  const [test] = found;
  if (!test) throw new Error(`no test "${title}" in:\n${output}`);
  expect(found, `tests called "${title}"`).to.have.length(1);
  return test;
}

function titles({ tests }: FinishedRunnerRun, state: RunnerTest['state'], prefix: string): readonly string[] {
  return tests.filter((test) => test.state === state && test.title.startsWith(prefix)).map(({ title }) => title);
}

function expectPassed({ tests, output }: FinishedRunnerRun, prefix: string, count: number): void {
  const found = tests.filter(({ title }) => title.startsWith(prefix));
  for (const { title, state, message } of found) expect(state, `${title}: ${message}`).to.equal('passed');
  expect(found, output).to.have.length(count);
}

/** Without colours. */
function plain(output: string): string {
  return stripVTControlCharacters(output);
}

/** Runners separate the titles of describe blocks in one of these ways. */
function spaced(title: string): string {
  return title.replaceAll(' > ', ' ');
}
