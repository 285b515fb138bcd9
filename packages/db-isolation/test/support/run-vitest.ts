import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { RunnerTest } from '../contracts/runner-contract.ts';

const FIXTURES = fileURLToPath(new URL('../fixtures/vitest/', import.meta.url));
const VITEST = fileURLToPath(new URL('vitest.mjs', import.meta.resolve('vitest/package.json')));

export type Pool = 'forks' | 'threads' | 'vmForks' | 'vmThreads';

export interface VitestOptions {
  /** Names in `test/fixtures/vitest`, without `.suite.ts`. */
  readonly files: readonly string[];
  /** Default: `'forks'`. */
  readonly pool?: Pool;
  /** A file that gets the results as JSON, besides what is printed. */
  readonly report: string;
  /** Default: 2. */
  readonly workers?: number;
  readonly args?: readonly string[];
}

/** What `node` is started with to run fixtures in Vitest's own command. */
export function vitestArguments({
  files,
  pool = 'forks',
  workers = 2,
  report,
  args = [],
}: VitestOptions): readonly string[] {
  return [
    ...[VITEST, 'run', '--config', `${FIXTURES}vitest.config.ts`, '--pool', pool, '--maxWorkers', `${workers}`],
    ...['--reporter', 'default', '--reporter', 'json', `--outputFile.json=${report}`],
    ...args,
    ...files.map((name) => `${FIXTURES}${name}.suite.ts`),
  ];
}

interface JsonReport {
  readonly testResults: readonly { readonly assertionResults: readonly JsonTest[] }[];
}

interface JsonTest {
  readonly ancestorTitles: readonly string[];
  readonly title: string;
  readonly status: 'passed' | 'failed' | 'skipped' | 'pending' | 'todo';
  readonly failureMessages?: readonly string[] | null;
}

/** What Vitest's JSON reporter tells. */
export function vitestResults(report: string): readonly RunnerTest[] {
  const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as JsonReport;
  return testResults.flatMap(({ assertionResults }) =>
    assertionResults.map(({ ancestorTitles, title, status, failureMessages }) => ({
      title: [...ancestorTitles, title].join(' '),
      state: status === 'passed' || status === 'failed' ? status : 'skipped',
      message: failureMessages?.join('\n') ?? '',
    })),
  );
}
