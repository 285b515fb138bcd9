// The two test suites of this repository, as arguments for Mocha. Paths are relative to the repository's root.
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/** Each suite runs in a Mocha process of its own: only the API's suite wants a database for every test. */
export const suites = [
  { name: 'library', folder: 'packages/db-isolation/test', args: [] },
  { name: 'api', folder: 'apps/api/test', args: ['--require', './apps/api/test/support/hooks.ts'] },
];

/** All test files of a suite, sorted. */
export function testFiles({ folder }) {
  return readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join(folder, name))
    .sort();
}

/** Runs Mocha and answers its exit code and, where `capture` is set, what it printed. */
export function runMocha(args, { capture = false, env = {} } = {}) {
  const mocha = createRequire(import.meta.url).resolve('mocha/bin/mocha.js');
  const child = spawn(process.execPath, [mocha, ...args], {
    stdio: ['ignore', capture ? 'pipe' : 'inherit', capture ? 'pipe' : 'inherit'],
    env: { ...process.env, ...env },
  });
  let output = '';
  child.stdout?.on('data', (chunk) => (output += chunk));
  child.stderr?.on('data', (chunk) => (output += chunk));
  return new Promise((resolve) => child.on('close', (code, signal) => resolve({ code: code ?? signal, output })));
}
