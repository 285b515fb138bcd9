// npm test: runs every suite on every engine that is there, the API's in one process and in several. Arguments go to
// Mocha: npm test -- --grep locking
//
// Two suites run at once where there are two processors, since one that waits for a server leaves one idle.
import { availableParallelism } from 'node:os';
import { suitesOn } from './mocha-suites.mjs';
import { printResults, runSuites, secondsSince } from './run-suites.mjs';
import { withServers } from './servers/with-servers.mjs';

const args = process.argv.slice(2);
const started = performance.now();

/** What waits longest for its server comes first, so that something else can use the processors meanwhile. */
const SLOWEST_FIRST = ['postgres', 'mysql', 'sqlite'];

await withServers(async ({ engines, env }) => {
  const [library, ...api] = suitesOn(engines).sort(
    (one, other) => SLOWEST_FIRST.indexOf(one.engine) - SLOWEST_FIRST.indexOf(other.engine),
  );
  const inMode = (mode) => api.map((suite) => ({ suite, mode }));
  const [slowest, ...others] = inMode('serial');
  const libraryIn = (mode) => ({ suite: library, mode });
  const runs = [slowest, libraryIn('parallel'), ...others, libraryIn('serial'), ...inMode('parallel')];
  printResults(await runSuites(runs, { atOnce: Math.min(2, availableParallelism()), args, env }));
  console.log(`\nall: ${secondsSince(started)} seconds`);
});
