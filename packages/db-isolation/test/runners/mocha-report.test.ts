import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type MochaRun, type MochaSandbox, useMocha } from '../support/run-mocha.ts';

/** A line of the report, as far as it is looked at here. */
interface Line {
  readonly event: string;
  readonly test?: string;
  readonly kind?: string;
  readonly message?: string;
  readonly place?: string;
  readonly reaction?: string;
  readonly command?: string;
  readonly changes?: { readonly tables: readonly { readonly table: string; readonly inserted: number }[] };
  readonly tests?: number;
  readonly failed?: number;
  readonly kept?: number;
  readonly leaks?: Readonly<Record<string, number>>;
}

describe('the report of a run', () => {
  const mocha = useMocha();

  async function report(options: { readonly parallel?: boolean }) {
    const sandbox = await mocha.createSandbox();
    const file = join(sandbox.path, 'report.jsonl');
    const suites = ['failures', 'leaks', 'late'];
    const run = await sandbox.mocha({ suites, env: { DB_ISOLATION_REPORT: file }, ...options });
    const lines = readFileSync(file, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line): Line => JSON.parse(line));
    return { sandbox, run, of: (event: string) => lines.filter((line) => line.event === event) };
  }

  for (const parallel of [false, true]) {
    describe(parallel ? '(parallel)' : '(serial)', () => {
      let sandbox: MochaSandbox;
      let run: MochaRun;
      let of: (event: string) => readonly Line[];
      before(async () => {
        ({ sandbox, run, of } = await report({ parallel }));
      });

      it('has each failed test with what it changed', () => {
        const failures = of('failure');
        const thrown = failures.find(({ test }) => test === 'failures throws');
        expect(thrown?.message).to.equal('thrown on purpose');
        expect(thrown?.changes?.tables.map(({ table, inserted }) => [table, inserted])).to.deep.equal([['note', 1]]);
        for (const { title, state } of run.tests) {
          if (state === 'failed' && !title.includes('hook')) expect(failures.map(({ test }) => test)).to.include(title);
        }
      });

      it('has each leak, also those after the end of a test, with its place', () => {
        const leaks = of('leak').map(({ test, kind }) => `${test}: ${kind}`);
        expect(leaks).to.include.members([
          'leaks leaves a transaction open: open-transaction',
          'late work of a timer that a passed test left running leaves a timer running: late-use',
          'late work that throws leaves a timer running that will throw: late-error',
        ]);
        const open = of('leak').find(({ test }) => test === 'leaks leaves a transaction open');
        expect(open).to.include({ reaction: 'fail' });
        expect(open?.place).to.match(/leaks\.suite\.ts:\d+:\d+/);
      });

      it('has each kept database with the command that opens it', () => {
        for (const { command = '' } of of('kept')) {
          const [, file = ''] = /'(.*)'/.exec(command) ?? [];
          expect(file).to.contain(sandbox.databases);
        }
        expect(of('kept').length).to.be.at.least(sandbox.kept().length);
      });

      it('ends with the counts of each process', () => {
        const summaries = of('summary');
        if (!parallel) expect(summaries).to.have.length(1);
        const sum = (count: (line: Line) => number | undefined) =>
          summaries.reduce((total, line) => total + (count(line) ?? 0), 0);
        expect(sum(({ failed }) => failed)).to.equal(of('failure').length);
        expect(sum(({ kept }) => kept)).to.equal(of('kept').length);
        expect(sum(({ leaks }) => leaks?.['open-transaction'])).to.equal(
          of('leak').filter(({ kind }) => kind === 'open-transaction').length,
        );
      });
    });
  }

  it('that cannot be written is an error that names the variable', async () => {
    const sandbox = await mocha.createSandbox();
    const file = join(sandbox.path, 'no', 'such', 'directory', 'report.jsonl');
    const run = await sandbox.mocha({ suites: ['plain'], env: { DB_ISOLATION_REPORT: file } });
    expect(run.output).to.contain('DB_ISOLATION_REPORT').and.contain('[DBI_INVALID_OPTION]');
    expect(run.code).not.to.equal(0);
    expect(existsSync(file)).to.equal(false);
  });
});
