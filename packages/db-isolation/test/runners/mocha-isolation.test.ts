import Database from 'better-sqlite3';
import { expect } from 'chai';
import { type FinishedRun, type MochaOptions, type TestResult, useMocha } from '../support/run-mocha.ts';

const SUITES = ['bodies', 'hooks', 'http', 'failures', 'late', 'leaks'];

const WAYS: readonly (MochaOptions & { readonly name: string })[] = [
  { name: 'root hooks, serial', suites: SUITES },
  { name: 'root hooks, parallel', suites: SUITES, parallel: true },
  { name: 'isolateEachTest, serial', suites: SUITES, mode: 'each' },
  { name: 'isolateEachTest, parallel', suites: SUITES, mode: 'each', parallel: true },
  { name: 'root hooks, parallel, Mocha 11', suites: SUITES, parallel: true, version: 'mocha-11' },
];

/** What fails in the fixture `failures`, and what else its database then holds; null where there is none to keep. */
const FAILURES: Readonly<Record<string, string | null>> = {
  'failures throws': 'failures throws',
  'failures rejects': 'failures rejects',
  'failures calls done with an error': 'failures calls done with an error',
  'failures fails an assertion with a diff': 'failures fails an assertion with a diff',
  'failures throws a string': 'failures throws a string',
  'failures throws an error without a message': 'failures throws an error without a message',
  'failures throws an error that several tests throw, one': 'failures throws an error that several tests throw, one',
  'failures times out': 'failures times out',
  'failures times out with a callback': 'failures times out with a callback',
  'failures fails in every attempt': 'failures fails in every attempt 3',
  'failures with a beforeEach that fails "before each" hook for "is the first test"':
    'failures with a beforeEach that fails is the first test',
  'failures with an afterEach that fails "after each" hook for "is the first test"':
    'failures with an afterEach that fails is the first test',
  'failures with a before that fails "before all" hook for "is not run"': null,
  'failures of hooks beside isolation with an afterEach that fails "after each" hook for "is the first test"':
    'failures of hooks beside isolation with an afterEach that fails is the first test',
};

/** Their errors cannot say where the database is, or speak for another test: these are listed at the end. */
const LISTED: Readonly<Record<string, string>> = {
  'failures throws a frozen error': 'failures throws a frozen error',
  'failures throws an error that several tests throw, another':
    'failures throws an error that several tests throw, another',
  'failures passes at the third attempt': 'failures passes at the third attempt 2',
};

describe('a test run by Mocha', function () {
  this.timeout(120_000);
  const mocha = useMocha();
  let runs: readonly FinishedRun[] = [];
  before(async () => {
    runs = await mocha.all(WAYS);
  });

  for (const [index, { name }] of WAYS.entries()) {
    describe(`(${name})`, () => {
      const run = () => runs[index] as FinishedRun;

      it('starts equal to the template, whatever kind of body it has', () => {
        expectAllPassed(run(), 'bodies', 10);
      });

      it('shares its database with its hooks and with nested isolation', () => {
        expectAllPassed(run(), 'hooks', 5);
      });

      it('is served by the app from its own database', () => {
        expectAllPassed(run(), 'http', 6);
      });

      it('may fail, time out or be skipped in any way and leaves the next test clean', () => {
        const expected = [...Object.keys(FAILURES), ...Object.keys(LISTED).slice(0, 2)];
        expect(titles(run(), 'failed', 'failures')).to.have.members(expected);
        expect(titles(run(), 'passed', 'failures')).to.have.members([
          'failures passes at the third attempt',
          'failures passes after all these',
          'failures with an afterEach that fails is the first test',
          'failures passes at the end',
          'failures of hooks beside isolation with an afterEach that fails is the first test',
          'failures of hooks beside isolation afterwards passes',
          'failures of hooks beside isolation with a beforeEach that skips before isolation passes',
          'failures of hooks beside isolation with a beforeEach that skips before isolation left the hooks without a database',
        ]);
        expect(titles(run(), 'pending', 'failures')).to.have.members([
          'failures skips itself',
          'failures is pending',
          'failures is skipped',
          'failures with a beforeEach that skips is pending',
          'failures with a beforeEach that skips is pending too',
          'failures of hooks beside isolation with a beforeEach that skips before isolation is pending',
        ]);
      });

      it('names the kept database in its failure, which holds what it wrote', () => {
        for (const [title, text] of Object.entries(FAILURES)) {
          const { message, stack } = find(run(), title);
          if (text === null) {
            expect(message).not.to.contain('kept');
            continue;
          }
          const file = keptIn(message);
          expect(stack, title).to.contain(message);
          expect(run().sandbox.kept(), title).to.include(file);
          expect(textsIn(file), title).to.deep.equal(['template', text]);
        }
      });

      it('is listed at the end when its failure cannot name the database', () => {
        for (const [title, text] of Object.entries(LISTED)) {
          const file = listed(run().output).get(title);
          expect(file, title).not.to.equal(undefined);
          expect(textsIn(file ?? ''), title).to.deep.equal(['template', text]);
        }
        expect(listed(run().output)).to.have.all.keys(...Object.keys(LISTED));
      });

      it('keeps its database when it failed, and then only that of its last attempt', () => {
        const late = titles(run(), 'failed', 'late').length;
        const named = Object.values(FAILURES).filter((text) => text !== null).length;
        expect(run().sandbox.kept()).to.have.length(named + Object.keys(LISTED).length + late);
      });

      it('cannot reach the next test with work that goes on after its end', () => {
        expect(titles(run(), 'failed', 'late')).to.have.members([
          'late work of a test that timed out times out while its body goes on',
          'late work that throws is blamed by Mocha for what another test left running',
        ]);
        expect(titles(run(), 'passed', 'late')).to.have.length(8);
      });

      it('is named by a warning when it leaves something open, and does not hold up the run', () => {
        expectAllPassed(run(), 'leaks', 6);
        for (const title of ['leaves a transaction open', 'leaves queries waiting behind an open transaction']) {
          expect(run().output).to.contain(`db-isolation: "leaks ${title}": it left a transaction open`);
        }
      });

      it('leaves nothing but kept databases behind', () => {
        expect(run().sandbox.runs()).to.deep.equal([]);
        expect(run().code).to.equal(titles(run(), 'failed', '').length);
      });
    });
  }
});

function titles(run: FinishedRun, state: TestResult['state'], prefix: string): readonly string[] {
  return run.tests.filter((test) => test.state === state && test.title.startsWith(prefix)).map(({ title }) => title);
}

function expectAllPassed(run: FinishedRun, prefix: string, count: number): void {
  const tests = run.tests.filter(({ title }) => title.startsWith(`${prefix} `));
  for (const { title, state, message } of tests) expect(state, `${title}: ${message}`).to.equal('passed');
  expect(tests).to.have.length(count);
}

function find(run: FinishedRun, title: string): TestResult {
  const test = run.tests.find((candidate) => candidate.title === title);
  if (!test) throw new Error(`no test "${title}" in:\n${run.output}`);
  return test;
}

/** The file that a failure's message names, in a URL and in a command. */
function keptIn(message: string): string {
  const [, url, command] =
    /^Its database was kept: sqlite:\/\/(\S+)\nOpen it with: sqlite3 '(.+)'$/m.exec(message) ?? [];
  expect(url, message).to.be.a('string').and.equal(command);
  return url ?? '';
}

/** Title and file of the databases that are listed at the end of the output. */
function listed(output: string): Map<string, string> {
  const lines = output.matchAll(/^ {2}"(.+)": sqlite3 '(.+)'$/gm);
  return new Map([...lines].map(([, title = '', file = '']) => [title, file]));
}

function textsIn(file: string): unknown[] {
  const database = new Database(file, { readonly: true });
  try {
    return database.prepare('select text from note order by id').pluck().all();
  } finally {
    database.close();
  }
}
