// npm run test:consumers [-- --only <part of a name>] [--keep]
//
// Installs the packed tarball in the projects of packages/db-isolation/test/consumers as a stranger would: each in a
// temporary directory of its own, from scratch, with an empty cache. Their tests have to pass, those that fail on purpose
// have to fail with what a user needs to see, and no database may be left but those that the failures name.
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, stripVTControlCharacters } from 'node:util';
import { nodeHeaders } from './node-headers.mjs';
import { secondsSince } from './run-suites.mjs';
import { withServers } from './servers/with-servers.mjs';

const CONSUMERS = fileURLToPath(new URL('../packages/db-isolation/test/consumers/', import.meta.url));
const ARTIFACTS = fileURLToPath(new URL('../artifacts/', import.meta.url));

/** What the output of the tests that fail on purpose has to show, in every runner. */
const SHOWN = {
  'the test that failed': /fails on purpose/,
  'what it changed': /What the test changed in it:/,
  'the rows it wrote': /\+ .*text='written by the failing test'/,
  'where its database is': /Its database was kept: (sqlite|postgres|mysql):\/\//,
  'how to open it': /Open it with: (sqlite3|psql|mariadb|mysql) /,
  'the test that leaked': /leaks a transaction" leaked\. \[DBI_LEAK\]/,
  'the kind of leak': /it left a transaction open, which was rolled back \[open-transaction\]/,
};

const { values } = parseArgs({
  options: { only: { type: 'string', default: '' }, keep: { type: 'boolean', default: false } },
});

await withServers(async ({ engines, env }) => {
  const started = performance.now();
  const tarball = join(
    ARTIFACTS,
    readdirSync(ARTIFACTS).find((name) => name.endsWith('.tgz')),
  );
  const results = [];
  const queue = readdirSync(CONSUMERS).filter((name) => name.includes(values.only));
  const work = async () => {
    for (let name = queue.shift(); name; name = queue.shift()) results.push(await tryOut(name, tarball, engines, env));
  };
  await Promise.all([work(), work()]); // compiling better-sqlite3 keeps one processor busy for a minute
  for (const { name, error } of results.filter(({ error }) => error)) console.log(`\n=== ${name}\n${error}`);
  console.log(`\nall: ${secondsSince(started)} seconds`);
  if (results.length === 0 || results.some(({ error }) => error)) process.exitCode = 1;
});

/** One project, from an empty directory to the last check. */
async function tryOut(name, tarball, engines, servers) {
  const {
    description,
    engine = 'sqlite',
    scripts,
  } = JSON.parse(readFileSync(join(CONSUMERS, name, 'package.json'), 'utf8'));
  if (!engines.includes(engine)) {
    console.log(`${name}: needs ${engine}, which is not there`);
    return { name };
  }
  const place = mkdtempSync(join(tmpdir(), `db-isolation-consumer-${name}-`));
  const project = join(place, 'project');
  const databases = join(place, 'databases');
  const env = { ...cleanEnvironment(), ...servers, ...nodeHeaders(), DB_ISOLATION_DIR: databases, NO_COLOR: '1' };
  const npm = (...args) => run('npm', [...args, '--cache', join(place, 'cache')], { cwd: project, env });
  try {
    cpSync(join(CONSUMERS, name), project, { recursive: true });
    const install = performance.now();
    await succeeds(npm('install', '--no-audit', '--no-fund', '--save-dev', tarball));
    const installed = secondsSince(install);
    const test = performance.now();
    for (const script of Object.keys(scripts).filter((script) => script !== 'test:failing')) {
      await succeeds(npm('run', script));
      checkNothingLeft(databases, 'the tests that pass', 0);
    }
    checkFailures(await npm('run', 'test:failing'));
    checkNothingLeft(databases, 'the tests that fail', engine === 'sqlite' ? 2 : 0);
    console.log(`${name}: passed (${description}; installed in ${installed} s, tested in ${secondsSince(test)} s)`);
    return { name };
  } catch (error) {
    console.log(`${name}: FAILED`);
    return { name, error: error.message };
  } finally {
    if (values.keep) console.log(`${name}: ${place}`);
    else rmSync(place, { recursive: true, force: true });
  }
}

function checkFailures({ code, output }) {
  if (code === 0) throw new Error(`tests that fail on purpose did not fail:\n${output}`);
  for (const [what, pattern] of Object.entries(SHOWN)) {
    if (!pattern.test(output)) throw new Error(`${what} is not shown (${pattern}):\n${output}`);
  }
}

/** @param kept how many databases are to be there still; those on servers go with the server. */
function checkNothingLeft(databases, whose, kept) {
  const roots = existsSync(databases) ? readdirSync(databases).map((name) => join(databases, name)) : [];
  const files = roots.flatMap((root) => readdirSync(root, { recursive: true }));
  const left = files.filter((file) => /^runs\/(?!locks|templates)/.test(file));
  if (left.length > 0) throw new Error(`${whose} left something behind: ${left.join(', ')}`);
  const found = files.filter((file) => /^kept\/.*\.sqlite$/.test(file)).length;
  if (found !== kept) throw new Error(`${whose} kept ${found} databases instead of ${kept}`);
}

async function succeeds(promise) {
  const { code, command, output } = await promise;
  if (code !== 0) throw new Error(`${command} ended with ${code}:\n${output}`);
}

/** Runs a program to its end; answers its exit code and what it printed. */
function run(program, args, options) {
  return new Promise((resolve) => {
    execFile(program, args, { ...options, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      const output = stripVTControlCharacters(stdout + stderr);
      resolve({ code: error ? (error.code ?? error.signal) : 0, command: [program, ...args].join(' '), output });
    });
  });
}

/** Without what npm tells the scripts that it runs, which would make the projects part of this workspace. */
function cleanEnvironment() {
  const kept = Object.entries(process.env).filter(([name]) => {
    return !/^(npm_(?!config_(registry|userconfig|nodedir))|NODE_OPTIONS$|NODE_PATH$|INIT_CWD$|DB_ISOLATION_)/.test(
      name,
    );
  });
  return Object.fromEntries(kept);
}
