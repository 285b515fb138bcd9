import { expect } from 'chai';
import type { MochaOptions, MochaRun, TestResult } from '../support/run-mocha.ts';
import {
  COMMANDS,
  type EngineName,
  hasEngine,
  listedKept,
  type RunPlace,
  twoAtATime,
  useRunPlaces,
} from './run-places.ts';

const SUITES = ['bodies', 'hooks', 'http', 'failures', 'late', 'leaks'];

/** One way to run the suites. */
export interface Way extends Omit<MochaOptions, 'suites'> {
  readonly name: string;
  readonly engine?: EngineName;
}

/** Tests that have to time out set a limit of their own. */
const PATIENT = ['--timeout', '30000'];

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

const TIMES_OUT = 'late work of a test that timed out times out while its body goes on';

/** What holds for a test that Mocha runs, in each of these ways. */
export function isolationByMocha(allWays: readonly Way[]): void {
  describe('a test run by Mocha', function () {
    this.timeout(240_000);
    const createPlace = useRunPlaces();
    const ways = allWays.filter(({ engine = 'sqlite' }) => hasEngine(engine));
    let results: readonly { readonly run: MochaRun; readonly place: RunPlace }[] = [];
    before(async () => {
      results = await twoAtATime(ways, async ({ engine = 'sqlite', args = [], ...options }) => {
        const place = await createPlace(engine);
        return { place, run: await place.start({ ...options, suites: SUITES, args: [...PATIENT, ...args] }).done };
      });
    });
    for (const { name } of allWays.filter((way) => !ways.includes(way))) it(`(${name}) needs the programs of a server`);

    for (const [index, { name, engine = 'sqlite' }] of ways.entries()) {
      describe(`(${name})`, () => {
        const run = () => results[index]?.run ?? expect.fail('it did not run');
        const place = () => results[index]?.place ?? expect.fail('it did not run');

        it('starts equal to the template, whatever kind of body and title it has', () => {
          expectAllPassed(run(), 'bodies', 13);
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

        it('names the kept database in its failure, with the command that shows what it wrote', async () => {
          const kept = await place().kept();
          for (const [title, text] of Object.entries(FAILURES)) {
            const { message, stack } = find(run(), title);
            if (text === null) {
              expect(message).not.to.contain('kept');
              continue;
            }
            const { id, command } = keptIn(message, engine);
            expect(stack, title).to.contain(message);
            expect(kept, title).to.include(id);
            expect(place().notes(command), title).to.deep.equal(['template', text]);
          }
        });

        it('is listed at the end when its failure cannot name the database', () => {
          const listed = listedKept(run(), engine);
          for (const [title, text] of Object.entries(LISTED)) {
            const command = listed.get(title) ?? expect.fail(`"${title}" is not in:\n${run().output}`);
            expect(place().notes(command), title).to.deep.equal(['template', text]);
          }
          expect(listed).to.have.all.keys(...Object.keys(LISTED));
        });

        it('keeps its database when it failed, and then only that of its last attempt', async () => {
          const others = [...titles(run(), 'failed', 'late'), ...titles(run(), 'failed', 'leaks')].length;
          const named = Object.values(FAILURES).filter((text) => text !== null).length;
          expect(await place().kept()).to.have.length(named + Object.keys(LISTED).length + others);
        });

        it('cannot reach the next test with work that goes on after its end', () => {
          expect(titles(run(), 'failed', 'late')).to.have.members([TIMES_OUT]);
          expect(titles(run(), 'passed', 'late')).to.have.length(10);
        });

        it('is named at the end of the run by what it did after its end, and no other test is', () => {
          const late = run().tests.filter(({ title }) => title.includes('the end of the test databases'));
          const lines = late.flatMap(({ message }) => message.split('\n')).filter((line) => line.startsWith('- '));
          const found = lines.map((line) => /^- "(.*)": .* \[([a-z-]+)\]$/.exec(line)?.slice(1).join(': '));
          expect([...new Set(found)]).to.have.members([
            `${TIMES_OUT}: late-use`,
            'late work of a timer that a passed test left running leaves a timer running: late-use',
            'late work that throws leaves a timer running that will throw: late-error',
          ]);
          for (const { code } of late) expect(code).to.equal('DBI_LEAK');
        });

        it('fails when it leaves something open, and does not hold up the run', () => {
          const leaking = ['leaves a transaction open', 'leaves queries waiting behind an open transaction'];
          const unawaited = 'leaks leaves a query unawaited'; // which may or may not come to its end before the test does
          const failed = titles(run(), 'failed', 'leaks').filter((title) => title !== unawaited);
          expect(failed).to.have.members(leaking.map((title) => `leaks ${title}`));
          for (const title of leaking) {
            const { message, code } = find(run(), `leaks ${title}`, 'failed');
            expect(code).to.equal('DBI_LEAK');
            expect(message).to.contain(`"leaks ${title}" leaked. [DBI_LEAK]\n- `);
            expect(message).to.contain('\n- it left a transaction open, which was rolled back [open-transaction]\n');
            keptIn(message, engine);
          }
          expect(titles(run(), 'passed', 'leaks')).to.include.members([
            'leaks starts clean after an open transaction',
            'leaks starts clean after an unawaited query',
            'leaks starts clean after waiting queries',
          ]);
        });

        it('leaves nothing but kept databases behind', async () => {
          expect(await place().left()).to.deep.equal([]);
          expect(run().code).to.equal(titles(run(), 'failed', '').length);
        });
      });
    }
  });
}

function titles(run: MochaRun, state: TestResult['state'], prefix: string): readonly string[] {
  return run.tests.filter((test) => test.state === state && test.title.startsWith(prefix)).map(({ title }) => title);
}

function expectAllPassed(run: MochaRun, prefix: string, count: number): void {
  const tests = run.tests.filter(({ title }) => title.startsWith(`${prefix} `));
  for (const { title, state, message } of tests) expect(state, `${title}: ${message}`).to.equal('passed');
  expect(tests).to.have.length(count);
}

function find(run: MochaRun, title: string, state?: TestResult['state']): TestResult {
  const test = run.tests.find(
    (candidate) => candidate.title === title && candidate.state === (state ?? candidate.state),
  );
  if (!test) throw new Error(`no test "${title}" in:\n${run.output}`);
  return test;
}

/** What a failure's message names, in a URL and in a command. */
function keptIn(message: string, engine: EngineName): { readonly id: string; readonly command: string } {
  const pattern = new RegExp(`^Its database was kept: ${engine}://(\\S+)\nOpen it with: (${COMMANDS[engine]})$`, 'm');
  const [, url = '', command = '', id = ''] = pattern.exec(message) ?? [];
  expect(id, message).not.to.equal('');
  expect(url.endsWith(id), message).to.equal(true);
  return { id, command };
}
