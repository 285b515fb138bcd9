// npm test: runs both suites, one after the other. Arguments go to Mocha: npm test -- --grep locking
import { runMocha, suites, testFiles } from './mocha-suites.mjs';

for (const suite of suites) {
  const { code } = await runMocha([...suite.args, ...process.argv.slice(2), ...testFiles(suite)]);
  if (code !== 0) process.exitCode = 1;
}
