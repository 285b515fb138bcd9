import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import type { DirectoryResult } from 'tmp-promise';
import { compilePackage, createProject, type Project } from '../support/installed-package.ts';

const PACKAGE = fileURLToPath(new URL('../..', import.meta.url));
const { peerDependencies } = JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8')) as {
  peerDependencies: Record<string, string>;
};

/** Which client needs which package. */
const CLIENTS = {
  'drizzle-orm': ['drizzle', 'drizzleClient'],
  knex: ['knex', 'knexClient'],
  kysely: ['kysely', 'kyselyClient'],
  mysql2: ['mysql2', 'mysql2Client'],
  pg: ['pg', 'pgClient'],
} as const;
const PEERS = Object.keys(CLIENTS) as (keyof typeof CLIENTS)[];

/** Asks every client for its fingerprint, and prints how that ends. */
const ASK = `
  for (const [peer, [name, create]] of Object.entries(${JSON.stringify(CLIENTS)})) {
    const client = (await import('@acme/db-isolation/clients/' + name))[create]();
    await client.fingerprint().then(
      () => console.log(peer, 'works'),
      (error) => console.log(peer, error.code, error.message),
    );
  }
`;

/** The same class as the app's, by each way to load it; \`import\` comes first where both are used. */
const sameCopy = (load: string) => `
  const sqlite = { dialect: 'sqlite', url: '', filename: ':memory:', onConnect: [] };
  (async () => {
    const { Kysely } = await ${load}('kysely');
    const { BetterSQLite3Database } = await ${load}('drizzle-orm/better-sqlite3');
    const { kyselyClient } = await ${load}('@acme/db-isolation/clients/kysely');
    const { drizzleClient } = await ${load}('@acme/db-isolation/clients/drizzle');
    console.log((await kyselyClient().open(sqlite)) instanceof Kysely);
    console.log((await drizzleClient().open(sqlite)) instanceof BetterSQLite3Database);
  })();
`;

describe('packages that clients need', () => {
  let compiled: DirectoryResult;
  let project: Project;
  before(async () => {
    compiled = await compilePackage();
  });
  after(() => compiled.cleanup());
  beforeEach(async () => {
    project = await createProject(compiled);
  });
  afterEach(() => project.remove());

  /** What the clients said, by package. */
  const ask = () => {
    const { output, code } = project.run(ASK);
    expect(code, output).to.equal(0);
    const lines = output.trim().split('\n');
    expect(lines).to.have.length(PEERS.length);
    return new Map(lines.map((line) => [line.split(' ')[0], line.slice(line.indexOf(' ') + 1)]));
  };
  const installAll = (version: (from: readonly number[], range: string) => string) => {
    for (const name of PEERS) {
      const range = peerDependencies[name] ?? expect.fail(`${name} is no peer`);
      const from = range.replace(/^\D+/, '').split('.').map(Number);
      const manifest = { name, version: version(from, range), main: 'index.js' };
      project.install(name, { 'package.json': JSON.stringify(manifest), 'index.js': 'module.exports = {};' });
    }
  };

  it('are asked for by name when they are missing', () => {
    const answers = ask();
    for (const name of PEERS) {
      expect(answers.get(name))
        .to.match(/^DBI_DRIVER_MISSING /)
        .and.to.contain(`"${name}"`);
      expect(answers.get(name)).to.contain(`Run: npm install --save-dev ${name} `);
    }
  });

  it('are refused when they are older than what the package says it needs, with the command that mends it', () => {
    installAll(([major = 0, minor = 0]) => `${minor > 0 ? major : major - 1}.${minor > 0 ? minor - 1 : 99}.9`);
    const answers = ask();
    for (const name of PEERS) {
      expect(answers.get(name))
        .to.match(/^DBI_DRIVER_UNSUPPORTED /)
        .and.to.contain(`${name} `);
      expect(answers.get(name)).to.contain('too old').and.to.contain(`npm install --save-dev ${name}@`);
    }
  });

  it('are taken from the oldest release on that the package says it can use', () => {
    installAll(([major = 0, minor = 0]) => `${major}.${minor}.0`);
    for (const answer of ask().values()) expect(answer).to.equal('works');
  });

  it('are refused in a new major where the package says that it needs this one', () => {
    installAll(([major = 0]) => `${major + 1}.0.0-beta.1`);
    const answers = ask();
    for (const name of PEERS) {
      const isBound = peerDependencies[name]?.startsWith('^');
      expect(answers.get(name)).to.match(isBound ? /^DBI_DRIVER_UNSUPPORTED .*too new/ : /^works/);
    }
  });

  it('are loaded as the copy that the app has, whichever way it loads them', () => {
    for (const name of ['kysely', 'drizzle-orm', 'better-sqlite3']) {
      symlinkSync(join(PACKAGE, 'node_modules', name), join(project.path, 'node_modules', name));
    }
    expect(project.run(sameCopy('import')).output).to.equal('true\ntrue\n');
    expect(project.run(sameCopy('require'), { name: 'program.cjs' }).output).to.equal('true\ntrue\n');
  });

  it('tells which driver is missing below a query builder', () => {
    for (const name of ['kysely', 'knex']) {
      symlinkSync(join(PACKAGE, 'node_modules', name), join(project.path, 'node_modules', name));
    }
    project.install('drizzle-orm', {
      'package.json': JSON.stringify({ name: 'drizzle-orm', version: '0.45.0', main: 'index.js' }),
      'index.js': '',
      'node-postgres.js': "require('pg');", // as Drizzle itself does
      'mysql2.js': "require('mysql2');",
    });
    const { output } = project.run(`
      import { drizzleClient } from '@acme/db-isolation/clients/drizzle';
      import { knexClient } from '@acme/db-isolation/clients/knex';
      import { kyselyClient } from '@acme/db-isolation/clients/kysely';
      for (const client of [drizzleClient(), knexClient(), kyselyClient()]) {
        for (const dialect of ['postgres', 'mysql']) {
          await client.open({ dialect, url: dialect + '://u@h/x', maxConnections: 1 }).catch((error) => console.log(error.message));
        }
      }
    `);
    const missing = (name: string) =>
      `The package "${name}" could not be loaded: it is not installed beside @acme/db-isolation. ` +
      `Run: npm install --save-dev ${name} [DBI_DRIVER_MISSING]`;
    const each = [missing('pg'), missing('mysql2')];
    expect(output.trim().split('\n')).to.deep.equal([...each, ...each, ...each]);
  });
});
