// npm run test:leaks [-- --check] [--only <part of a name>] [--way <set-up>] [--verbose]
//
// Runs the planted leaks with the library and in the two well-known set-ups without, and writes what came of them to
// packages/db-isolation/docs/leaks.md; with --check it compares the file instead. Stops with status 1 when something
// leaks with the library: it is seen by another test, or nobody says so, or somebody else is blamed.
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { runLeaks, ways } from '../packages/db-isolation/test/leaks/run/run-leaks.ts';
import { documentOf } from '../packages/db-isolation/test/leaks/run/table.ts';
import { secondsSince } from './run-suites.mjs';
import { withServers } from './servers/with-servers.mjs';

const FILE = new URL('../packages/db-isolation/docs/leaks.md', import.meta.url);

const { values } = parseArgs({
  options: {
    check: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    way: { type: 'string', default: '' },
    verbose: { type: 'boolean', default: false },
  },
});
const started = performance.now();

await withServers(async ({ engines, env }) => {
  const results = await runLeaks({
    engines,
    servers: { postgres: env.DB_ISOLATION_POSTGRES_URL, mysql: env.DB_ISOLATION_MYSQL_URL },
    only: values.only,
    ways: ways.filter((way) => way.startsWith(values.way)),
    onResult: values.verbose ? print : () => undefined,
  });
  const ofLibrary = results.filter(({ way }) => way.startsWith('library'));
  const wrong = ofLibrary.filter(({ asExpected }) => !asExpected);
  for (const result of wrong) printWrong(result);
  if (values.only === '' && values.way === '') compareOrWrite(documentOf(results, read()));
  console.log(`${ofLibrary.length - wrong.length} passed, ${wrong.length} failed`);
  console.log(`all: ${secondsSince(started)} seconds`);
  if (wrong.length > 0) process.exitCode = 1;
});

function print({ leak, engine, way, outcome, asExpected }) {
  const by = outcome.by.length > 0 ? ` (${outcome.by.join(', ')})` : '';
  const mark = !asExpected ? '  <-- wrong' : '';
  console.log(`${leak.name} on ${engine}, ${way}: ${outcome.what}${by}${mark}`);
}

function printWrong({ leak, engine, way, outcome }) {
  const expected = [leak.on[engine]].flat().join(', ');
  const by = outcome.by.length > 0 ? ` (${outcome.by.join(', ')})` : '';
  console.log(`\n${leak.name} on ${engine}, ${way}: ${outcome.what}${by}, but it has to be: ${expected}`);
  console.log(outcome.detail.trim().replaceAll(/^/gm, '    '));
}

function compareOrWrite(text) {
  if (!values.check) return writeFileSync(FILE, text);
  if (text === read()) return;
  console.log('docs/leaks.md says something else than this run. Write it anew with: npm run test:leaks');
  process.exitCode = 1;
}

function read() {
  try {
    return readFileSync(FILE, 'utf8');
  } catch {
    return '';
  }
}
