// The test suites of this repository, as arguments for Mocha. Paths are relative to the repository's root.
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { endOf } from './interrupts.mjs';

/** Mocha's arguments for one process, and for several. */
export const modes = { serial: [], parallel: ['--parallel', '--jobs', '4'] };

const LIBRARY = 'packages/db-isolation/test';
const SERVERS = `${LIBRARY}/servers`;
const CONSUMERS = `${LIBRARY}/consumers`;
const API = 'apps/api/test';

/** Tests of what operators do with the API, each of which starts processes; `npm run test:servers` runs them. */
const API_OPERATION = [
  ...['audit-command', 'backup', 'build', 'keys-command', 'production-page', 'running', 'slow-clients', 'starting'],
].map((name) => join(API, `${name}.test.ts`));

/** Tests of the API that start it as a process: how many workers Mocha has makes no difference to them. */
const API_PROCESSES = [...API_OPERATION, ...['main', 'readme'].map((name) => join(API, `${name}.test.ts`))];

/** What every engine and every client has to do, on each of them. */
const CONTRACTS = ['sqlite/engine', 'postgres/engine', 'mysql/engine', 'clients/contract'].map((name) =>
  join(LIBRARY, `${name}.test.ts`),
);

/**
 * The suites that `npm test` runs on these engines, with their files in each mode. Each runs in a Mocha process of its
 * own: only the API's suite wants a database for every test, and it runs once for each engine. Of the library only the
 * contracts run in both modes. What else there is of the API's suite is part of {@link serverSuites}.
 */
export function suitesOn(engines) {
  const library = testFiles(LIBRARY).filter((file) => !file.startsWith(SERVERS) && !file.startsWith(CONSUMERS));
  const serial = testFiles(API).filter((file) => !API_OPERATION.includes(file));
  const parallel = serial.filter((file) => !API_PROCESSES.includes(file));
  return [
    { name: 'library', engine: engines.join(', '), args: [], env: {}, files: { serial: CONTRACTS, parallel: library } },
    ...engines.map((engine) => ({
      ...apiOn(engine),
      files: engine === 'sqlite' ? { serial, parallel } : { parallel },
    })),
  ];
}

/**
 * The library's tests that kill processes, start servers anew and fill disks; and of the API what `npm test` leaves out:
 * its operation, and the whole suite in one process on servers.
 */
export function serverSuites(engines) {
  const library = { name: 'servers', engine: engines.join(', '), args: [], env: {} };
  return [
    { ...library, files: { parallel: testFiles(SERVERS) } },
    ...engines.map((engine) => ({
      ...apiOn(engine),
      files: { serial: engine === 'sqlite' ? API_OPERATION : testFiles(API) },
    })),
  ];
}

function apiOn(engine) {
  const args = ['--require', `./${API}/support/hooks.ts`];
  return { name: 'api', engine, args, env: { TEST_ENGINE: engine } };
}

/** All test files of a folder, sorted. */
function testFiles(folder) {
  return readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join(folder, name))
    .sort();
}

/** Runs Mocha; answers its exit code, what it printed, what it printed of failures, and counts of tests. */
export async function runMocha(args, env) {
  const mocha = createRequire(import.meta.url).resolve('mocha/bin/mocha.js');
  const colors = process.stdout.isTTY && !process.env.NO_COLOR ? { FORCE_COLOR: '1' } : {};
  const child = spawn(process.execPath, [mocha, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...colors, ...env },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
  }
  const code = await endOf(child).catch((error) => {
    console.log(output); // says in which test it was interrupted
    throw error;
  });
  const plain = stripVTControlCharacters(output);
  const count = (word) => Number(new RegExp(`^ {2}(\\d+) ${word}`, 'm').exec(plain)?.[1] ?? 0);
  const failures = code === 0 ? '' : plain.slice(Math.max(0, plain.search(/^ {2}\d+ (passing|failing)/m)));
  return { code, output, failures, passing: count('passing'), pending: count('pending'), failing: count('failing') };
}
