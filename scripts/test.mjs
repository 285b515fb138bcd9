// npm test: the library's suite on every engine that is there, the API's in one process on SQLite and in several on every
// engine; `npm run test:servers` has the rest. Arguments go to Mocha: npm test -- --grep locking
//
// Two suites run at once where there are two processors, since one that waits for a server leaves one idle.
import { availableParallelism } from 'node:os';
import { suitesOn } from './mocha-suites.mjs';
import { printResults, runSuites, runsOf, secondsSince } from './run-suites.mjs';
import { withServers } from './servers/with-servers.mjs';

const args = process.argv.slice(2);
const started = performance.now();

await withServers(async ({ engines, env }) => {
  const [library, ...api] = suitesOn(engines).map(runsOf);
  const [libraryInOne, libraryInSeveral] = library;
  const runs = [libraryInSeveral, ...api.flat(), libraryInOne]; // the longest first, so that none is left to run alone
  printResults(await runSuites(runs, { atOnce: Math.min(2, availableParallelism()), args, env }));
  console.log(`\nall: ${secondsSince(started)} seconds`);
});
