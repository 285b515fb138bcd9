import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import type { DirectoryResult } from 'tmp-promise';
import { compilePackage, createProject, type Project } from './support/installed-package.ts';

const { exports, version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  exports: Record<string, string | Record<string, unknown>>;
  version: string;
};
const SUBPATHS = Object.keys(exports).filter((path) => !path.includes('*') && !path.endsWith('.json'));

const ACQUIRE = `
  import { createIsolation } from '@acme/db-isolation';
  import { sqlite } from '@acme/db-isolation/engines/sqlite';
  import { knexClient } from '@acme/db-isolation/clients/knex';
  import { customSchema } from '@acme/db-isolation/schemas/custom-schema';
  const isolation = createIsolation({
    engine: sqlite(),
    client: knexClient(),
    schema: customSchema({ fingerprint: 'v1', apply: (_db, { execute }) => execute('create table t (id integer)') }),
  });
  try {
    await isolation.run('a test', async ({ db }) => console.log('columns', Object.keys(await db('t').columnInfo())));
  } catch (error) {
    console.log(error.code, error.message, 'cause' in error);
  }
  await isolation.close();
`;

describe('the package as it is installed', () => {
  let project: Project;
  let compiled: DirectoryResult;
  before(async () => {
    compiled = await compilePackage();
  });
  after(() => compiled.cleanup());
  beforeEach(async () => {
    project = await createProject(compiled);
  });
  afterEach(() => project.remove());

  /** better-sqlite3 as far as it takes to fail like the real one. */
  const brokenDriver = (text: string, driverVersion = '12.0.0') => ({
    'package.json': JSON.stringify({ name: 'better-sqlite3', version: driverVersion, main: 'index.js' }),
    'index.js': text,
  });

  it(`can be imported and required, by ${SUBPATHS.join(', ')}`, () => {
    project.install('knex');
    project.install('better-sqlite3');
    project.install('mocha');
    project.install('jest-environment-node');
    project.install('vitest');
    const names = JSON.stringify(SUBPATHS.map((path) => path.replace(/^\./, '@acme/db-isolation')));
    const required = project.run(
      `for (const name of ${names}) console.log(name, Object.keys(require(name)).length > 0);`,
      { name: 'program.cjs' },
    );
    const imported = project.run(
      `for (const name of ${names}) console.log(name, Object.keys(await import(name)).length > 0);`,
    );
    for (const { output, code } of [required, imported]) {
      expect(code, output).to.equal(0);
      expect(output).not.to.contain('false');
    }
    expect(imported.output.split('\n').length).to.equal(SUBPATHS.length + 1);
  });

  it('exports each subpath under the same conditions', () => {
    const script = fileURLToPath(new URL('../../../scripts/exports.mjs', import.meta.url));
    execFileSync(process.execPath, [script, '--check'], { stdio: 'pipe' });
  });

  it('is one copy for import and require(), and has another where ES modules cannot be required', () => {
    const text = `
      const { createProvider } = require('@acme/db-isolation/provider');
      import('@acme/db-isolation/provider').then((imported) => {
        console.log(require.resolve('@acme/db-isolation/provider').includes('cjs'), imported.createProvider === createProvider);
      });
    `;
    expect(project.run(text, { name: 'program.cjs' }).output).to.equal('false true\n');
    const old = { NODE_OPTIONS: '--no-experimental-require-module' };
    expect(project.run(text, { name: 'program.cjs', env: old }).output).to.equal('true false\n');
  });

  it('works in its CommonJS copy', () => {
    project.install('knex');
    project.install('better-sqlite3');
    const required = ACQUIRE.replace(/import (.*) from ('.*');/g, 'const $1 = require($2);');
    const env = { NODE_OPTIONS: '--no-experimental-require-module' };
    const { output, code } = project.run(`(async () => {${required}})();`, { name: 'program.cjs', env });
    expect(code, output).to.equal(0);
    expect(output).to.equal("columns [ 'id' ]\n");
  });

  it('works from plain JavaScript', () => {
    project.install('knex');
    project.install('better-sqlite3');
    const { output, code } = project.run(ACQUIRE);
    expect(code, output).to.equal(0);
    expect(output).to.equal("columns [ 'id' ]\n");
  });

  it('loads no driver before a database is acquired, and nothing at all for a provider', () => {
    const { output, code } = project.run(`
      import { createProvider } from '@acme/db-isolation/provider';
      import { createIsolation } from '@acme/db-isolation';
      import { sqlite } from '@acme/db-isolation/engines/sqlite';
      import { knexClient } from '@acme/db-isolation/clients/knex';
      import { knexMigrations } from '@acme/db-isolation/schemas/knex-migrations';
      const database = createProvider(() => 'real');
      createIsolation({ engine: sqlite(), client: knexClient(), schema: knexMigrations({ directory: 'migrations' }), providers: [database] });
      console.log(database.get());
    `);
    expect(code, output).to.equal(0);
    expect(output).to.equal('real\n');
  });

  it('has a provider that needs two small files and no package, not even one of Node', () => {
    const seen = new Set<string>();
    const visit = (url: URL) => {
      if (seen.has(url.href)) return;
      seen.add(url.href);
      const text = readFileSync(url, 'utf8');
      for (const [, specifier = ''] of text.matchAll(/^(?:import|export)(?! type)[^;]*?from\s+'([^']+)'/gm)) {
        expect(specifier, fileURLToPath(url)).to.match(/^\.\.?\//);
        visit(new URL(specifier, url));
      }
    };
    visit(new URL('../src/provider.ts', import.meta.url));
    expect([...seen].map((href) => href.split('/').at(-1))).to.deep.equal(['provider.ts', 'errors.ts']);
  });

  it('shares providers and overrides with a second copy of itself in one process', () => {
    project.install('knex');
    project.install('better-sqlite3');
    const { output, code } = project.run(`
      import { cpSync } from 'node:fs';
      cpSync('node_modules/@acme/db-isolation', 'copy', { recursive: true });
      const { createProvider } = await import('./copy/dist/provider.js');
      const { createIsolation } = await import('@acme/db-isolation');
      const { sqlite } = await import('@acme/db-isolation/engines/sqlite');
      const { knexClient } = await import('@acme/db-isolation/clients/knex');
      const { customSchema } = await import('@acme/db-isolation/schemas/custom-schema');
      const database = createProvider(() => 'real');
      const schema = customSchema({ fingerprint: '', apply: async () => {} });
      const isolation = createIsolation({ engine: sqlite(), client: knexClient(), schema, providers: [database] });
      await isolation.run('a test', (lease) => console.log(database.get() === lease.db));
      console.log(database.get());
      await isolation.close();
    `);
    expect(code, output).to.equal(0);
    expect(output).to.equal('true\nreal\n');
  });

  it('says how to install better-sqlite3 when it is missing', () => {
    project.install('knex');
    expect(project.run(ACQUIRE).output).to.match(
      /^DBI_DRIVER_MISSING .*"better-sqlite3".*Run: npm install --save-dev better-sqlite3@12 .*true$/m,
    );
  });

  it('says how to install Knex when it is missing', () => {
    project.install('better-sqlite3');
    expect(project.run(ACQUIRE).output).to.match(
      /^DBI_DRIVER_MISSING .*"knex".*Run: npm install --save-dev knex .*true$/m,
    );
  });

  for (const [what, message] of [
    ['was not built', 'Could not locate the bindings file. Tried: …'],
    [
      'was built for another Node',
      'The module was compiled against a different Node.js version using NODE_MODULE_VERSION 108.',
    ],
  ]) {
    it(`says how to build better-sqlite3 when it ${what}`, () => {
      project.install('knex');
      project.install(
        'better-sqlite3',
        brokenDriver(`module.exports = class { constructor() { throw new Error(${JSON.stringify(message)}); } };`),
      );
      const { output } = project.run(ACQUIRE);
      expect(output).to.match(
        /^DBI_DRIVER_NOT_BUILT .*Run: npm rebuild better-sqlite3 .*npm install-scripts approve better-sqlite3.*true$/m,
      );
    });
  }

  for (const unsupported of ['14.0.0', '10.1.0']) {
    it(`refuses better-sqlite3 ${unsupported} before it is loaded, and says which one works`, () => {
      project.install('knex');
      project.install('better-sqlite3', brokenDriver('process.abort();', unsupported));
      const { output, code } = project.run(ACQUIRE);
      expect(code, output).to.equal(0);
      expect(output).to.contain(`better-sqlite3 ${unsupported} does not work with Node ${process.versions.node}`);
      expect(output).to.contain('DBI_DRIVER_UNSUPPORTED').and.to.contain('npm install --save-dev better-sqlite3@12');
    });
  }

  it('passes on what better-sqlite3 says when it fails for another reason', () => {
    project.install('knex');
    project.install('better-sqlite3', brokenDriver(`throw new Error('something else');`));
    expect(project.run(ACQUIRE).output).to.contain('undefined something else');
  });

  it('tells a process that cannot load TypeScript how to', () => {
    project.install('knex');
    project.install('better-sqlite3');
    const { output } = project.run(
      `import { mkdirSync, writeFileSync } from 'node:fs';
       mkdirSync('migrations');
       writeFileSync('migrations/1.ts', 'export const up = async (): Promise<void> => {}; export const down = up;');` +
        ACQUIRE.replace('schemas/custom-schema', 'schemas/knex-migrations')
          .replace('{ customSchema }', '{ knexMigrations }')
          .replace(/schema: .*/, "schema: knexMigrations({ directory: 'migrations' }),"),
    );
    expect(output).to.contain('DBI_SCHEMA_FAILED').and.to.contain('1.ts').and.to.contain('node --import tsx');
  });

  it(`carries its version, ${version}`, () => {
    const { output } = project.run(`
      import manifest from '@acme/db-isolation/package.json' with { type: 'json' };
      console.log(manifest.version);
    `);
    expect(output).to.contain(version);
  });
});
