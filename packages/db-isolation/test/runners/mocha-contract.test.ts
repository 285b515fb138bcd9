import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type RunnerTest, type RunnerUnderTest, runnerContract } from '../contracts/runner-contract.ts';
import { MOCHA, NODE_OPTIONS } from '../support/run-mocha.ts';

const FIXTURES = fileURLToPath(new URL('../fixtures/mocha/contract/', import.meta.url));

interface MochaSubject {
  readonly version: keyof typeof MOCHA;
  /** One describe block after another, or by root hooks for the whole run. */
  readonly mode: 'each' | 'root';
  readonly parallel: boolean;
}

function mocha({ version, mode, parallel }: MochaSubject): RunnerUnderTest {
  return {
    command: (files, report) => ({
      args: [
        ...NODE_OPTIONS,
        fileURLToPath(new URL('bin/mocha.js', MOCHA[version])),
        ...['--no-config', '--no-package', '--timeout', '60000', '--reporter', `${FIXTURES}reporter.cjs`],
        ...(mode === 'root' ? ['--require', `${FIXTURES}hooks.ts`] : []),
        ...(parallel ? ['--parallel', '--jobs', '2'] : []),
        ...files.map((name) => `${FIXTURES}${name}.suite.ts`),
      ],
      env: { FIXTURE_MODE: mode, FIXTURE_REPORT: report, FIXTURE_MOCHA: fileURLToPath(new URL('.', MOCHA[version])) },
    }),
    results: (report) => merged(JSON.parse(readFileSync(report, 'utf8'))),
    exitCode: (tests) => tests.filter(({ state }) => state === 'failed').length,
    interrupted: 130,
    lacks: {
      concurrency: 'Mocha runs the tests of one process one after another',
      ...(parallel ? {} : { workers: 'without --parallel, Mocha runs files one after another' }),
    },
  };
}

/** A hook that fails is listed by itself, as `suite "before each" hook for "test"`, and its test may be listed too. */
function merged(results: readonly RunnerTest[]): readonly RunnerTest[] {
  const tests = new Map<string, RunnerTest>();
  for (const result of results) {
    const title = result.title.replace(/"(?:before|after) each" hook.* for "(.*)"$/, '$1');
    if (tests.get(title)?.state !== 'failed') tests.set(title, { ...result, title });
  }
  return [...tests.values()];
}

runnerContract('Mocha 12, isolateEachTest', mocha({ version: 'mocha', mode: 'each', parallel: false }));
runnerContract('Mocha 11, root hooks, parallel', mocha({ version: 'mocha-11', mode: 'root', parallel: true }));
