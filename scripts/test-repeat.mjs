// npm run test:repeat -- --count 10 [--seed 1]
//
// Runs every suite on every engine that often, each time in another order, alternately serial and parallel, and stops
// with status 1 when a run fails or runs another number of tests than the first. Prints the seed of every run: the same
// seed gives the same order.
import { parseArgs } from 'node:util';
import { modes, runMocha, suitesOn } from './mocha-suites.mjs';
import { withServers } from './servers/with-servers.mjs';
import { shuffled } from './shuffle.mjs';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});
const [count, firstSeed] = [Number(values.count), Number(values.seed)];
if (!Number.isInteger(count) || count < 1 || !Number.isInteger(firstSeed)) {
  console.error('Usage: npm run test:repeat -- --count <runs, at least 1> [--seed <integer>]');
  process.exit(1);
}

await withServers(async ({ engines, env }) => {
  let expected;
  for (let run = 0; run < count; run += 1) {
    const seed = firstSeed + run;
    const mode = seed % 2 === 0 ? 'serial' : 'parallel'; // so that the seed alone says how to repeat a run
    const started = performance.now();
    const results = [];
    for (const suite of suitesOn(engines)) results.push(await runSuite(suite, seed, mode, env));
    const passing = results.map((result) => result.passing).join(' + ');
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(`run ${run + 1} of ${count}, ${mode}, seed ${seed}: ${passing} passing, ${seconds} s`);
    expected ??= passing;
    const failed = results.find(({ code }) => code !== 0);
    if (failed || passing !== expected) {
      console.error(failed ? failed.output : `the first run had ${expected} passing`);
      console.error(`Run it again with: npm run test:repeat -- --count 1 --seed ${seed}`);
      process.exitCode = 1;
      return;
    }
  }
  console.log(`${count} runs, no failure, ${expected} passing each time`);
});

function runSuite(suite, seed, mode, env) {
  const order = ['--require', './scripts/shuffle-tests.mjs', ...modes[mode], ...shuffled(allFiles(suite), seed)];
  return runMocha([...suite.args, ...order], { ...env, ...suite.env, TEST_ORDER_SEED: String(seed) });
}

function allFiles({ files }) {
  return [...new Set([...(files.serial ?? []), ...files.parallel])];
}
