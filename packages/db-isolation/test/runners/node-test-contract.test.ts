import { type RunnerUnderTest, runnerContract } from '../contracts/runner-contract.ts';
import { FIXTURES, nodeTestArguments, readNodeTestReport } from '../support/run-node-test.ts';

const nodeTest: RunnerUnderTest = {
  command(files, report) {
    const paths = files.map((name) => `${FIXTURES}contract/${name}.suite.ts`);
    return { args: nodeTestArguments(paths, report, ['--test', '--test-concurrency=2']) };
  },
  results: readNodeTestReport,
  exitCode: () => 1,
  interrupted: 1, // the process that runs the files; theirs end with 130
  lacks: { retries: 'node:test runs each test once' },
};

runnerContract('node:test, one process for each file', nodeTest);
