// npm run scorecard [-- --only races,kills --engine sqlite --quick --seed text --json file]: what the service holds and
// loses as real processes, on every engine that is there. Started by scripts/scorecard.mjs, which finds the servers.

import { writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { CHECKS } from './checks.ts';
import { readOptions } from './options.ts';
import { type EngineResult, runEngine } from './run-engine.ts';
import { buildService } from './support/build-service.ts';
import { machine } from './support/machine.ts';
import { engineResult, heading } from './support/report.ts';
import { Scope } from './support/scope.ts';
import { chosenServers } from './support/servers.ts';

const options = readOptions(process.argv.slice(2));
const scope = new Scope();
/** Whatever happens, nothing that was made stays behind. */
const interruption = new Promise<never>((_resolve, reject) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      process.exitCode = 128 + constants.signals[signal];
      reject(new Error(`Interrupted by ${signal}`));
    });
  }
});

try {
  const results = await Promise.race([run(), interruption]);
  process.exitCode = results.some(({ checks }) => checks.some(({ tally }) => tally.lost > 0)) ? 1 : 0;
} catch (error) {
  console.error(error instanceof Error && process.exitCode ? error.message : error);
  process.exitCode ||= 1;
} finally {
  await scope.close();
}

async function run(): Promise<EngineResult[]> {
  const started = performance.now();
  console.log(heading(options));
  const build = await buildService(scope);
  const checks = CHECKS.filter(({ name, measures }) => options.only.includes(name) && !(options.quick && measures));
  const results: EngineResult[] = [];
  for (const { engine, server } of chosenServers(options.engine)) {
    const result = await runEngine({ engine, server, build, checks, options, scope });
    results.push(result);
    console.log(engineResult(result));
  }
  const seconds = Math.round((performance.now() - started) / 1000);
  console.log(`\nseed ${options.seed}, ${seconds} seconds`);
  if (options.json !== undefined) {
    writeFileSync(options.json, `${JSON.stringify({ machine: machine(), options, seconds, results }, undefined, 2)}\n`);
  }
  return results;
}
