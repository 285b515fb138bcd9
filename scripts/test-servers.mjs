// npm run test:servers: the library's tests that kill processes, start servers anew and fill disks. They take minutes.
// Arguments go to Mocha.
import { serverSuite } from './mocha-suites.mjs';
import { printResults, runSuites } from './run-suites.mjs';
import { withServers } from './servers/with-servers.mjs';

await withServers(async ({ engines, env }) => {
  const run = { suite: serverSuite(engines), mode: 'parallel' };
  printResults(await runSuites([run], { atOnce: 1, args: process.argv.slice(2), env }));
});
