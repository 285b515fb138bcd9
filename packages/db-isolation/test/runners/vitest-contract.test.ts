import { type RunnerUnderTest, runnerContract } from '../contracts/runner-contract.ts';
import { type Pool, vitestArguments, vitestResults } from '../support/run-vitest.ts';

function vitest(pool: Pool): RunnerUnderTest {
  return {
    command: (files, report) => ({
      args: vitestArguments({ files: files.map((name) => `contract/${name}`), pool, report }),
    }),
    results: vitestResults,
    exitCode: (tests) => (tests.some(({ state }) => state === 'failed') ? 1 : 0),
    interrupted: 130,
    ...(pool.includes('hreads') && {
      lacks: { 'Ctrl-C': 'Vitest then ends its threads without a word, and the next run removes what they leave' },
    }),
  };
}

runnerContract('Vitest 4, forks', vitest('forks'));
runnerContract('Vitest 4, threads', vitest('threads'));
