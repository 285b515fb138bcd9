import { readFileSync, watch } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { expect } from 'chai';
import type { RunnerTest } from '../contracts/runner-contract.ts';
import { type MochaSandbox, NODE_OPTIONS } from '../support/run-mocha.ts';
import { type VitestOptions, vitestArguments, vitestResults } from '../support/run-vitest.ts';
import { hangingAppear } from './ends-of-runs.ts';
import { twoAtATime, useRunPlaces } from './run-places.ts';

const FIXTURES = fileURLToPath(new URL('../fixtures/vitest/', import.meta.url));

interface Finished {
  readonly code: number | null;
  readonly output: string;
  readonly tests: readonly RunnerTest[];
  readonly sandbox: MochaSandbox;
}

describe('Vitest', function () {
  this.timeout(240_000);
  const createPlace = useRunPlaces();

  function start(sandbox: MochaSandbox, options: Omit<VitestOptions, 'report'>, env: Readonly<Record<string, string>>) {
    const report = join(sandbox.path, 'report.json');
    const started = sandbox.startNode(vitestArguments({ ...options, report }), env);
    const done = started.done.then(({ code, output }): Omit<Finished, 'tests'> => {
      return { code, output: stripVTControlCharacters(output), sandbox };
    });
    return { done, report, kill: started.kill.bind(started) };
  }

  async function run(options: Omit<VitestOptions, 'report'>, env = {}): Promise<Finished> {
    const { sandbox } = await createPlace('sqlite');
    const { done, report } = start(sandbox, options, env);
    return { ...(await done), tests: vitestResults(report) };
  }

  const SINGLE_WORKER = { workers: 1, args: ['--no-isolate', '--no-file-parallelism'] };
  let behaviour: Finished;
  let cached: Finished;
  let whole: Finished;
  let contexts: Finished;

  before(async () => {
    const { sandbox } = await createPlace('sqlite');
    const runs = [
      async () => {
        const files = ['behaviour', 'shared-file', 'shared-leak'];
        const junit = join(sandbox.path, 'junit.xml');
        behaviour = await run({ files, args: ['--reporter', 'junit', `--outputFile.junit=${junit}`] });
        junitText = readFileSync(junit, 'utf8');
      },
      async () => {
        cached = await run({ files: ['cached/file-a', 'cached/file-b'], pool: 'threads', ...SINGLE_WORKER });
      },
      async () => {
        const env = { FIXTURE_SETUP: '1', DB_ISOLATION_REPORT: join(sandbox.path, 'events') };
        whole = await run({ files: ['whole/file-a', 'whole/file-b'], ...SINGLE_WORKER }, env);
        events = readFileSync(env.DB_ISOLATION_REPORT, 'utf8');
      },
      async () => {
        contexts = await run({ files: ['vm/file-a', 'vm/file-b'], pool: 'vmThreads', workers: 1 });
      },
    ];
    await twoAtATime(runs, (start) => start());
  });
  let junitText = '';
  let events = '';

  it('has fixtures, which hooks and other fixtures may use, and tests made otherwise have none', () => {
    expectPassed(behaviour, 'fixtures ', 9);
  });

  it('gives a test one database, and each of several isolations one of its own', () => {
    expectPassed(behaviour, 'several isolations ', 2);
  });

  it('does not mistake modules that a test has loaded anew for those of the test', () => {
    expectPassed(behaviour, 'modules that are loaded anew ', 2);
  });

  it('shows what became of the database in the failure, also in what the junit reporter writes', () => {
    for (const [title, text] of Object.entries({
      'by expect.soft': 'soft',
      'are told to onTestFailed, which has the database': 'onTestFailed',
      'by process.exit()': 'exit',
      'whose condition for a retry does not hold': 'try 1',
    })) {
      const { state, message } = find(behaviour, `failures ${title}`);
      expect(state, title).to.equal('failed');
      expect(message, title).to.match(new RegExp(`text='${text}'\\nIts database was kept: .*\\nOpen it with: sqlite3`));
      expect(behaviour.output, title).to.contain(`text='${text}'`);
      expect(junitText, title).to.match(new RegExp(`text=(?:'|&apos;)${text}(?:'|&apos;)`));
    }
    expectPassed(behaviour, 'failures were told', 1);
  });

  it('names one database for a test that fails several times, which is the last one', () => {
    const { message } = find(behaviour, 'failures in two of three repeats');
    expect(message.match(/Its database was kept/g), message).to.have.length(1);
    expect(message).to.contain("text='repeat 2'");
    expect(behaviour.sandbox.kept().filter((path) => path.includes('repeats'))).to.have.length(1);
  });

  it('follows test.fails: what is meant to fail is not kept, what passes is, and a leak fails it all the same', () => {
    expectPassed(behaviour, 'failures that are meant', 1, (title) => title.endsWith('meant'));
    expect(behaviour.output).to.match(/"failures > that are meant and do not come": sqlite3/);
    const { state, message } = find(behaviour, 'failures that are meant, with a leak');
    expect(state).to.equal('failed');
    expect(message).to.match(/leaked. \[DBI_LEAK\]\n.*\[open-transaction\]/);
    const kept = behaviour.sandbox.kept().filter((path) => path.includes('that-are-meant-'));
    expect(kept).to.have.length(2);
  });

  it('lists the database at the end when a hook around the test fails', () => {
    expect(find(behaviour, 'failures of a hook around the test before it').state).to.equal('failed');
    expect(behaviour.output).to.match(/"failures > of a hook around the test > before it": sqlite3/);
  });

  it('fails a test for a rejection that nobody handles, once', () => {
    const { message } = find(behaviour, 'stray errors a rejection that nobody handles');
    expect(message).to.contain('it left a rejection unhandled: Error: rejected on purpose [unhandled-rejection]');
    expect(behaviour.output).not.to.contain('Unhandled Rejection');
  });

  it('leaves errors that nobody catches to Vitest, which reports them under the right name', () => {
    const [, unhandled = ''] = behaviour.output.split('Unhandled Errors');
    expect(unhandled).to.contain('caught 2 unhandled errors');
    expect(unhandled).to.match(
      /thrown during the test on purpose\nIt belongs to the test "stray errors > thrown by a timer while the test runs"\./,
    );
    expect(unhandled).to.match(
      /thrown after the end on purpose\nIt belongs to the test "stray errors > thrown after the end", which had ended\./,
    );
    expect(find(behaviour, 'stray errors is not to blame').state).to.equal('passed');
  });

  it('says in a test that it is too late for isolateEachTest', () => expectPassed(behaviour, 'misuse ', 1));

  it("with scope 'file', has one database for a file, and tells at its end where it was kept", () => {
    expectPassed(behaviour, 'a shared database has what beforeAll wrote', 1);
    const { message } = find(behaviour, 'a shared database has what the test before wrote, and a test fails');
    expect(message).to.contain('failed on purpose\nIts database is that of all tests of ');
    expect(behaviour.output).to.match(
      /shared-file\.suite\.ts", whose tests share a database, of which 1 failed\.\n(.*\n)*? {4}\+ id=2: text='beforeAll'\nIts database was kept: .*\nOpen it with: sqlite3/,
    );
  });

  it("with scope 'file', fails the file for what its tests leak", () => {
    expect(behaviour.output).to.match(/FAIL {2}shared-leak\.suite\.ts .*\nIsolationError: ".*" leaked\. \[DBI_LEAK\]/);
  });

  it('isolates tests of all files that share a worker and its modules, and those made by fixtures also', () => {
    expect(cached.code, cached.output).to.equal(0);
    expectPassed(cached, 'file ', 6);
  });

  it("with scope 'worker', has one database for all its files", () => {
    expect([...cached.output.matchAll(/^files so far: (\d)$/gm)].map(([, count]) => count)).to.deep.equal(['1', '2']);
  });

  it('isolates the tests of all files by a setup file', () => {
    expect(whole.code, whole.output).to.equal(0);
    expectPassed(whole, 'file ', 8);
  });

  it('writes its report when the worker ends', () => {
    const summaries = events.match(/"event":"summary".*/g);
    expect(summaries, events).to.have.length(1);
    expect(summaries?.[0]).to.contain('"tests":8,"failed":0');
  });

  it('isolates tests in the contexts of vmThreads, of which each has modules of its own', () => {
    expectPassed(contexts, 'in a context of its own is isolated', 4);
    const failed = contexts.tests.filter(({ state }) => state === 'failed');
    expect(failed.map(({ title }) => title)).to.have.length(4);
    for (const { message } of failed) expect(message).to.contain('Open it with: sqlite3');
  });

  it('leaves nothing but kept databases', () => {
    for (const { sandbox, output } of [behaviour, cached, whole, contexts]) {
      expect(sandbox.runs()).to.deep.equal([]);
      const named = [...output.matchAll(/sqlite3 '([^']+)'/g)].map(([, file]) => file);
      expect(new Set(named)).to.deep.equal(new Set(sandbox.kept()));
    }
  });

  describe('that is ended from outside', () => {
    let killed: Omit<Finished, 'tests'>;
    let cancelled: { readonly sandbox: MochaSandbox; readonly output: string; readonly code: number | null };
    let threads: MochaSandbox;
    let left: readonly string[];

    before(async () => {
      await twoAtATime([kill, cancel, interruptThreads], (start) => start());
    });

    async function hang(options: Omit<VitestOptions, 'report' | 'files'>) {
      const { sandbox } = await createPlace('sqlite');
      const files = ['contract/hang-a', 'contract/hang-b'];
      const started = start(sandbox, { files, ...options }, { DB_ISOLATION_KEEP: 'never' });
      const early = started.done.then(({ output }) => {
        throw new Error(`the run ended by itself:\n${output}`);
      });
      early.catch(() => undefined); // it ends later on, when nobody waits here any more
      await Promise.race([hangingAppear(sandbox, files.length), early]);
      return { sandbox, ...started };
    }

    async function kill(): Promise<void> {
      const started = await hang({});
      started.kill('SIGKILL', 'main');
      killed = await started.done;
      await emptied(killed.sandbox);
    }

    /** The workers outlive the process that was killed, by as long as they take to clean up. */
    async function emptied(sandbox: MochaSandbox): Promise<void> {
      const [run = ''] = sandbox.runs();
      if (run === '') return;
      const watcher = watch(dirname(run));
      await new Promise<void>((resolve) => {
        const look = () => {
          if (sandbox.runs().length === 0) resolve();
        };
        watcher.on('change', look);
        look();
      });
      watcher.close();
    }

    async function interruptThreads(): Promise<void> {
      const started = await hang({ pool: 'threads' });
      started.kill('SIGINT', 'group');
      await started.done;
      threads = started.sandbox;
      left = threads.runs();
      await start(threads, { files: ['cached/file-a'] }, {}).done;
    }

    async function cancel(): Promise<void> {
      const { sandbox } = await createPlace('sqlite');
      const args = [`${FIXTURES}vitest.config.ts`, `${FIXTURES}contract/hang-a.suite.ts`, sandbox.signals];
      const { done } = sandbox.startNode([...NODE_OPTIONS, `${FIXTURES}cancel.ts`, ...args], {
        DB_ISOLATION_KEEP: 'never',
      });
      const { code, output } = await done;
      cancelled = { sandbox, code, output: stripVTControlCharacters(output) };
    }

    it('leaves nothing when its main process is killed, since its workers notice', () => {
      expect(killed.sandbox.runs(), killed.output).to.deep.equal([]);
    });

    it('leaves nothing when it is cancelled in watch mode', () => {
      expect(cancelled.output)
        .to.match(/1 failed.*1 skipped/)
        .and.not.contain('DBI_LEAK');
      expect(cancelled.code, cancelled.output).to.equal(1);
      expect(cancelled.sandbox.runs(), cancelled.output).to.deep.equal([]);
    });

    it('leaves databases of threads, which the next run removes', () => {
      expect(left).not.to.deep.equal([]);
      expect(threads.runs()).to.deep.equal([]);
    });
  });

  describe('that is not there', () => {
    let outputs: Readonly<Record<'outside' | 'old' | 'missing', string>>;

    before(async () => {
      const { sandbox } = await createPlace('sqlite');
      const other = ['--import', new URL('../fixtures/vitest/other-vitest.mjs', import.meta.url).href];
      const script = async (args: readonly string[], env = {}) =>
        (await sandbox.startNode([...NODE_OPTIONS, ...args, `${FIXTURES}outside.ts`], env).done).output;
      const [outside = '', old = '', missing = ''] = await twoAtATime(
        [[], [...other], [...other]].map((args, index) => ({ args, index })),
        ({ args, index }) => script(args, index === 1 ? { FIXTURE_VITEST: 'without aroundEach' } : {}),
      );
      outputs = { outside, old, missing };
    });

    it('is what isolateEachTest and isolationFixtures say', () => {
      expect(outputs.outside).to.match(
        /^isolateEachTest\(\) was called where Vitest runs no tests\..*\[DBI_NO_RUNNER\]\nisolationFixtures\(\) was called /,
      );
    });

    it('or too old is what they say with the command that mends it', () => {
      expect(outputs.old).to.match(/4\.1 is the first.*npm install --save-dev vitest@4 \[DBI_NO_RUNNER\]/);
    });

    it('at all is what Node says', () => {
      expect(outputs.missing)
        .to.match(/ERR_MODULE_NOT_FOUND/)
        .and.contain('vitest');
    });
  });
});

function find({ tests, output }: Finished, title: string): RunnerTest {
  return tests.find((test) => test.title === title) ?? expect.fail(`no test "${title}" in:\n${output}`);
}

function expectPassed(
  { tests, output }: Finished,
  prefix: string,
  count: number,
  also: (title: string) => boolean = () => true,
): void {
  const found = tests.filter(({ title }) => title.startsWith(prefix) && also(title));
  for (const { title, state, message } of found) expect(state, `${title}: ${message}`).to.equal('passed');
  expect(found, output).to.have.length(count);
}
