// npm run test:servers: the library's tests that kill processes, start servers anew and fill disks, and those of the API
// in operation on servers. They take minutes. Arguments go to Mocha.
import { serverSuites } from './mocha-suites.mjs';
import { printResults, runSuites } from './run-suites.mjs';
import { withServers } from './servers/with-servers.mjs';

await withServers(async ({ engines, env }) => {
  const runs = serverSuites(engines).map((suite) => ({ suite, mode: 'parallel' }));
  printResults(await runSuites(runs, { atOnce: 1, args: process.argv.slice(2), env }));
});
