// npm run test:consumers [-- --only <part of a name>] [--keep]
//
// Installs the packed tarball in the projects of packages/db-isolation/test/consumers as a stranger would: each in a
// temporary directory of its own, from scratch, with an empty cache. Their tests have to pass, those that fail on purpose
// have to fail with what a user needs to see, and no database may be left but those that the failures name. Then does
// what the README's quick starts say, word for word, in empty directories.
import { exec } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, stripVTControlCharacters } from 'node:util';
import { nodeHeaders } from './node-headers.mjs';
import { readmeProjects } from './readme-projects.mjs';
import { secondsSince } from './run-suites.mjs';
import { withServers } from './servers/with-servers.mjs';

const CONSUMERS = fileURLToPath(new URL('../packages/db-isolation/test/consumers/', import.meta.url));
const ARTIFACTS = fileURLToPath(new URL('../artifacts/', import.meta.url));

/** What the output has to show of a test that has failed, in every runner. */
const SHOWN_OF_ONE = {
  'what it changed': /What the test changed in it:/,
  'the row it wrote': /\+ .*text='(written by the failing test|buy milk)'/,
  'where its database is': /Its database was kept: (sqlite|postgres|mysql):\/\//,
  'how to open it': /Open it with: (sqlite3|psql|mariadb|mysql) /,
};

/** The same of all tests that fail on purpose in the projects of strangers. */
const SHOWN = {
  ...SHOWN_OF_ONE,
  'the test that failed': /fails on purpose/,
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
  const queue = [...consumers(), ...readmeProjects().map(quickStart)].filter(({ name }) => name.includes(values.only));
  const results = [];
  const work = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) results.push(await tryOut(next, tarball, engines, env));
  };
  await Promise.all([work(), work()]); // compiling better-sqlite3 keeps one processor busy for a minute
  for (const { name, error } of results.filter(({ error }) => error)) console.log(`\n=== ${name}\n${error}`);
  console.log(`\nall: ${secondsSince(started)} seconds`);
  if (results.length === 0 || results.some(({ error }) => error)) process.exitCode = 1;
});

/** The projects of strangers: what they are, and what is done with them. */
function consumers() {
  return readdirSync(CONSUMERS).map((name) => {
    const folder = join(CONSUMERS, name);
    const { description, engine = 'sqlite', scripts } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    return {
      ...{ name, description, engine },
      async install({ project, shell, tarball }) {
        cpSync(folder, project, { recursive: true });
        await succeeds(shell(`npm install --no-audit --no-fund --save-dev ${tarball}`));
      },
      async test({ shell, kept }) {
        for (const script of Object.keys(scripts).filter((script) => script !== 'test:failing')) {
          await succeeds(shell(`npm run ${script}`));
          kept('the tests that pass', 0);
        }
        checkFailures(await shell('npm run test:failing'), SHOWN);
        kept('the tests that fail', engine === 'sqlite' ? 2 : 0); // those on servers are not files
      },
    };
  });
}

/** What somebody does who follows a quick start: sees a test fail that expects something else, and then all tests pass. */
function quickStart({ name, description, packages, commands, files }) {
  return {
    ...{ name, description, engine: 'sqlite' },
    async install({ shell, tarball }) {
      await succeeds(shell('npm init -y'));
      const wanted = packages.map((name) => (name === '@acme/db-isolation' ? tarball : name)).join(' ');
      await succeeds(shell(`npm install --no-audit --no-fund --save-dev ${wanted}`));
    },
    async test({ project, shell, kept }) {
      const write = (change) => {
        for (const { path, text } of files) {
          mkdirSync(dirname(join(project, path)), { recursive: true });
          writeFileSync(join(project, path), change(text));
        }
      };
      write((text) => text.replace("['buy milk']);", "['buy bread']);"));
      checkFailures(await shell(commands[0]), SHOWN_OF_ONE);
      kept('the test that fails', 1);
      write((text) => text);
      for (const command of commands) await succeeds(shell(command));
      kept('the tests that pass', 1);
    },
  };
}

/** One project, from an empty directory to the last check. */
async function tryOut({ name, description, engine, install, test }, tarball, engines, servers) {
  if (!engines.includes(engine)) {
    console.log(`${name}: needs ${engine}, which is not there`);
    return { name };
  }
  const place = mkdtempSync(join(tmpdir(), `db-isolation-consumer-${name}-`));
  const project = join(place, 'project');
  const databases = join(place, 'databases');
  mkdirSync(project);
  const env = {
    ...cleanEnvironment(),
    ...servers,
    ...nodeHeaders(),
    ...{ npm_config_cache: join(place, 'cache'), npm_config_yes: 'true' },
    ...{ DB_ISOLATION_DIR: databases, NO_COLOR: '1' },
  };
  const shell = (command) => run(command, { cwd: project, env });
  try {
    const started = performance.now();
    await install({ project, shell, tarball });
    const installed = secondsSince(started);
    const installedAt = performance.now();
    await test({ project, shell, kept: (whose, count) => checkWhatIsLeft(databases, whose, count) });
    console.log(
      `${name}: passed (${description}; installed in ${installed} s, tested in ${secondsSince(installedAt)} s)`,
    );
    return { name };
  } catch (error) {
    console.log(`${name}: FAILED`);
    return { name, error: error.message };
  } finally {
    if (values.keep) console.log(`${name}: ${place}`);
    else rmSync(place, { recursive: true, force: true });
  }
}

function checkFailures({ code, output }, shown) {
  if (code === 0) throw new Error(`tests that fail on purpose did not fail:\n${output}`);
  for (const [what, pattern] of Object.entries(shown)) {
    if (!pattern.test(output)) throw new Error(`${what} is not shown (${pattern}):\n${output}`);
  }
}

/** Nothing but so many kept databases. */
function checkWhatIsLeft(databases, whose, kept) {
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

/** Runs a command line to its end; answers its exit code and what it printed. */
function run(command, options) {
  return new Promise((resolve) => {
    exec(command, { ...options, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      const output = stripVTControlCharacters(stdout + stderr);
      resolve({ code: error ? (error.code ?? error.signal) : 0, command, output });
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
