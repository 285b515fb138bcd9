import { type RunnerUnderTest, runnerContract } from '../contracts/runner-contract.ts';
import { type JestProject, jestProject, jestResults } from '../support/run-jest.ts';

let project: JestProject;
before(async function () {
  this.timeout(60_000);
  project = await jestProject();
});

function jest(args: readonly string[], lacks: NonNullable<RunnerUnderTest['lacks']>): RunnerUnderTest {
  return {
    command: (files, report) => ({
      args: project.arguments({ parts: [{ files: files.map((file) => `contract/${file}`) }], report, args }),
    }),
    results: jestResults,
    exitCode: (tests) => (tests.some(({ state }) => state === 'failed') ? 1 : 0),
    interrupted: 130,
    lacks: { 'skipping itself': 'a test of Jest that runs cannot skip itself', ...lacks },
  };
}

runnerContract(
  'Jest 30, workers',
  jest(['--maxWorkers=2'], { 'Ctrl-C': "Jest's main process then ends before its workers; see jest-signals.test.ts" }),
);
runnerContract(
  'Jest 30, in band',
  jest(['--runInBand'], { workers: 'with --runInBand, Jest runs files one after another' }),
);
