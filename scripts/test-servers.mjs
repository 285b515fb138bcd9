// npm run test:servers: the library's tests that kill processes, start servers anew and fill disks, and of the
// API its operation, and its suite in one process on servers. They take minutes. Arguments go to Mocha.
import { serverSuites } from './mocha-suites.mjs';
import { printResults, runSuites, runsOf } from './run-suites.mjs';
import { withServers } from './servers/with-servers.mjs';

await withServers(async ({ engines, env }) => {
  const [library, ...api] = serverSuites(engines).map(runsOf);
  const args = process.argv.slice(2);
  const rows = await runSuites(library, { atOnce: 1, args, env }); // it leaves nothing else much room
  printResults([...rows, ...(await runSuites(api.flat(), { atOnce: 2, args, env }))]);
});
