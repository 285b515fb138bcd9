import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { RunnerTest } from '../contracts/runner-contract.ts';
import { NODE_OPTIONS } from './run-mocha.ts';

/** The directory of the fixture suites. */
export const FIXTURES = fileURLToPath(new URL('../fixtures/node-test/', import.meta.url));

const REPORTER = `${FIXTURES}reporter.cjs`;

/**
 * What `node` is started with to run files with node:test, one process each, or a single file by itself; it prints as it
 * does by default and writes its results to `report` as well.
 *
 * @param options more of Node's, such as `--test-concurrency=2`.
 */
export function nodeTestArguments(files: readonly string[], report: string, options: readonly string[]): string[] {
  return [
    ...NODE_OPTIONS,
    ...options,
    ...['--test-reporter=spec', '--test-reporter-destination=stdout'],
    ...[`--test-reporter=${REPORTER}`, `--test-reporter-destination=${report}`],
    ...files,
  ];
}

/** Reads the results of tests; of suites and files, those that have failed on their own account. */
export function readNodeTestReport(report: string): readonly RunnerTest[] {
  const lines = readFileSync(report, 'utf8').split('\n').filter(Boolean);
  const results = lines.map((line) => JSON.parse(line) as RunnerTest & { readonly kind: string });
  return results.filter(({ kind }) => kind === 'test');
}
