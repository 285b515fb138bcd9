import { promises as fs } from 'node:fs';
import path from 'node:path';
import { createIsolation, type Engine, type Schema } from '@acme/db-isolation';
import { kyselyClient } from '@acme/db-isolation/clients/kysely';
import { sqlite } from '@acme/db-isolation/engines/sqlite';
import { type KyselyMigrationsOptions, kyselyMigrations } from '@acme/db-isolation/schemas/kysely-migrations';
import Database from 'better-sqlite3';
import { expect } from 'chai';
import { FileMigrationProvider, Kysely, type Migration, Migrator, SqliteDialect, sql } from 'kysely';
import { schemaContract } from '../contracts/schema-contract.ts';
import { engineOn } from '../support/clients-under-test.ts';
import { failure } from '../support/rejections.ts';
import { describeWith } from '../support/servers/available.ts';
import { fileOf, setEnvironment, useWorkspace } from '../support/workspace.ts';

const CREATE = "export const up = (db) => db.schema.createTable('word').addColumn('text', 'varchar(200)').execute();";
const insert = (word: string) => `db.insertInto('word').values({ text: ${JSON.stringify(word)} }).execute()`;
const ESM = (word: string) => `export const up = (db) => ${insert(word)};`;
const CJS = (word: string) => `exports.up = (db) => ${insert(word)};`;
const TS = (word: string) => `import type { Kysely } from 'kysely';
  export async function up(db: Kysely<any>): Promise<void> { await ${insert(word)}; }
  export async function down(_db: Kysely<any>): Promise<void> {}`;
const LATE = (word: string) => `const up = await Promise.resolve((db) => ${insert(word)}); export { up };`;
const DEFAULT = (word: string) => `export default { up: (db) => ${insert(word)} };`;
const SEED = (word: string) => `export const seed = (db) => ${insert(word)};`;

interface Tables {
  word: { text: string };
}

schemaContract('kyselyMigrations', {
  source: (workspace, id, words) =>
    overUrl(
      kyselyMigrations({
        directory: workspace.write(id, {
          '1.mjs': CREATE,
          ...Object.fromEntries(words.map((word, n) => [`2${n}.mjs`, ESM(word)])),
        }),
      }),
    ),
});

/** For clients that open something else. */
function overUrl(schema: Schema<Kysely<unknown>>): Schema<unknown> {
  return {
    fingerprint: () => schema.fingerprint(),
    async apply(_db, tools) {
      const db = new Kysely<unknown>({ dialect: new SqliteDialect({ database: new Database(fileOf(tools)) }) });
      await schema.apply(db, tools).finally(() => db.destroy());
    },
  };
}

describe('kyselyMigrations', () => {
  const workspace = useWorkspace();
  afterEach(() => setEnvironment('MIGRATIONS_TEST', undefined));

  const isolationOf = (options: KyselyMigrationsOptions, engine: Engine = sqlite()) => {
    const schema = kyselyMigrations(options);
    const isolation = createIsolation({ engine, client: kyselyClient<Tables>(), schema, keep: 'never' });
    workspace.atEnd(() => isolation.close());
    return isolation;
  };
  const wordsIn = async (db: Kysely<Tables>) =>
    (await db.selectFrom('word').select('text').execute()).map(({ text }) => text);
  const words = (options: KyselyMigrationsOptions, engine?: Engine) =>
    isolationOf(options, engine).run('reads', ({ db }) => wordsIn(db));

  it('runs migrations of every kind in one directory, in the order of their names', async () => {
    const project = workspace.write('project', {
      'package.json': '{ "type": "module" }',
      'migrations/01-create.ts': CREATE,
      'migrations/02.ts': TS('ts'),
      'migrations/03.mts': TS('mts'),
      'migrations/04.mjs': LATE('awaits at its top level'),
      'migrations/05.js': ESM('js in a module package'),
      'migrations/06.mjs': DEFAULT('default export'),
      'migrations/helper.ts': "export const help = 'no migration';",
      'migrations/01-create.d.ts': 'throw new Error("declarations are not migrations")',
      'migrations/07.sql': 'not a module',
    });
    expect(await words({ directory: `${project}/migrations` })).to.deep.equal([
      ...['ts', 'mts', 'awaits at its top level', 'js in a module package', 'default export'],
    ]);
    const commonjs = workspace.write('commonjs', {
      'package.json': '{ "type": "commonjs" }',
      '1.ts': CREATE,
      '2.js': CJS('js in a CommonJS package'),
      '3.js': `module.exports = { up: (db) => ${insert('an object')} };`,
    });
    expect(await words({ directory: commonjs })).to.deep.equal(['js in a CommonJS package', 'an object']);
  });

  it('runs seeds after all migrations, in the order of their names, and names the one that failed', async () => {
    const directory = workspace.write('migrations', { '1.mjs': CREATE, '2.mjs': ESM('migration') });
    const seeds = workspace.write('seeds', {
      'b.mjs': SEED('b'),
      'a.ts': SEED('a'),
      'c.cjs': SEED('c').replace('export const ', 'exports.'),
    });
    expect(await words({ directory, seeds })).to.deep.equal(['migration', 'a', 'b', 'c']);
    workspace.write('seeds', { 'd.mjs': "export const seed = () => Promise.reject(new Error('no seed'));" });
    const error = await failure('DBI_SCHEMA_FAILED', () => words({ directory, seeds }));
    expect(error.message).to.contain('The seed d.mjs failed').and.to.contain('no seed');
  });

  it("leaves nothing to do for the app's own migrator", async () => {
    const directory = workspace.write('migrations', { '1-create.mjs': CREATE, '2-more.mts': ESM('more') });
    const own = (db: Kysely<Tables>) => {
      const provider = new FileMigrationProvider({ fs, path, migrationFolder: directory });
      return new Migrator({ db, provider }).migrateToLatest();
    };
    const recorded = async (db: Kysely<Tables>) =>
      (await sql<{ name: string }>`select name from kysely_migration order by name`.execute(db)).rows;
    const plain = new Kysely<Tables>({ dialect: new SqliteDialect({ database: new Database(':memory:') }) });
    await own(plain);
    await isolationOf({ directory }).run('migrates', async ({ db }) => {
      expect(await recorded(db))
        .to.deep.equal(await recorded(plain))
        .and.to.have.length(2);
      expect(await own(db)).to.deep.equal({ results: [] });
    });
    await plain.destroy();
  });

  it("uses the app's settings of the migrator, and a provider of its own", async () => {
    const directory = workspace.write('migrations', { '1.mjs': CREATE, '2.mjs': ESM('two') });
    const migrator = { migrationTableName: 'my_migration', migrationLockTableName: 'my_lock' };
    await isolationOf({ directory, migrator }).run('reads', async ({ db }) => {
      expect(await wordsIn(db)).to.deep.equal(['two']);
      const names = (await db.introspection.getTables({ withInternalKyselyTables: true })).map(({ name }) => name);
      expect(names.sort()).to.deep.equal(['my_lock', 'my_migration', 'word']);
    });

    const provided = (second: Migration['up']) => ({
      getMigrations: async () => ({
        one: { up: (db: Kysely<unknown>) => db.schema.createTable('word').addColumn('text', 'text').execute() },
        two: { up: second },
      }),
    });
    const good = provided((db) => db.insertInto('word').values({ text: 'provided' }).execute() as Promise<never>);
    expect(await words({ directory, migrator: { provider: good } })).to.deep.equal(['provided']);
    process.env['MIGRATIONS_TEST'] = 'bad';
    const bad = {
      directory,
      env: ['MIGRATIONS_TEST'],
      migrator: { provider: provided(() => Promise.reject(new Error('bad'))) },
    };
    const error = await failure('DBI_SCHEMA_FAILED', () => words(bad));
    expect(error.message).to.contain('The migration two failed').and.to.contain(': bad');
  });

  it('names the migration that failed, with its cause, every time', async () => {
    const wrong = {
      throws: 'export const up = () => { throw new Error("thrown at once"); };',
      rejects: "export const up = (db) => db.insertInto('nowhere').values({ a: 1 }).execute();",
      syntax: 'export const up = (',
      imports: 'import "./not-there.mjs"; export const up = async () => {};',
    };
    const causes = [/thrown at once/, /no such table: nowhere/, /./, /not-there/];
    for (const [index, [name, text]] of Object.entries(wrong).entries()) {
      const directory = workspace.write(name, { '1.mjs': CREATE, [`2-${name}.mjs`]: text, '3.mjs': ESM('never') });
      const isolation = isolationOf({ directory });
      for (let time = 0; time < 2; time += 1) {
        const error = await failure('DBI_SCHEMA_FAILED', () => isolation.acquire());
        expect(error.message)
          .to.contain(`The migration 2-${name}.mjs failed`)
          .and.to.match(causes[index] ?? /^$/);
        expect(error.cause).to.be.instanceOf(Error);
      }
    }
    const rejecting = { getMigrations: () => Promise.reject(new Error('no provider')) };
    const directory = workspace.write('migrations', { '1.mjs': CREATE });
    const error = await failure('DBI_SCHEMA_FAILED', () => words({ directory, migrator: { provider: rejecting } }));
    expect(error.message).to.contain(directory).and.to.contain('no provider');
  });

  it('says where it looked when there are no migrations or no seeds, and which names are taken twice', async () => {
    const directory = workspace.write('migrations', { '1.mjs': CREATE });
    const empty = workspace.write('empty', { 'readme.md': '', 'x.d.ts': '', 'y.cjs': CJS('not for Kysely') });
    const helpers = workspace.write('helpers', { 'x.mjs': 'export const help = 1;' });
    const missing = `${workspace.path}/missing`;
    for (const options of [
      { directory: missing },
      { directory: empty },
      { directory: helpers },
      { directory, seeds: missing },
    ]) {
      const error = await failure('DBI_SCHEMA_NOT_FOUND', () => words(options));
      expect(error.message)
        .to.contain(options.seeds ?? options.directory)
        .and.to.contain(process.cwd());
    }
    const twins = workspace.write('twins', { '1-create.mjs': CREATE, '1-create.ts': CREATE });
    const error = await failure('DBI_INVALID_OPTION', () => words({ directory: twins }));
    expect(error.message).to.contain(twins).and.to.contain('"1-create"');
  });

  it('has a fingerprint that follows everything that decides what is built', () => {
    const FILES = { 'm/1.mjs': "import '../lib.mjs';", 'lib.mjs': '', 's/a.mjs': '', 'm/readme.md': '' };
    const print = (changes: Record<string, string> = {}, options: Partial<KyselyMigrationsOptions> = {}) => {
      const project = workspace.write('project', { ...FILES, ...changes });
      return kyselyMigrations({ directory: `${project}/m`, seeds: `${project}/s`, ...options }).fingerprint();
    };
    const before = print();
    expect(print({ 'm/readme.md': 'changed' })).to.equal(before);
    const different = [
      print({ 'm/1.mjs': '' }),
      print({ 'lib.mjs': '// changed' }),
      print({ 's/a.mjs': '// changed' }),
      print({}, { migrator: { migrationTableName: 'other' } }),
      print({}, { env: ['MIGRATIONS_TEST'] }),
    ];
    expect(new Set([before, ...different]).size).to.equal(different.length + 1);
  });

  for (const dialect of ['postgres', 'mysql'] as const) {
    describeWith(dialect, `on ${dialect}`, (server) => {
      it('fills the database of a server, and names what fails there', async () => {
        const directory = workspace.write('migrations', { '1.mjs': CREATE, '2.ts': TS('on a server') });
        const engine = () => engineOn(dialect, server);
        expect(await words({ directory }, engine())).to.deep.equal(['on a server']);
        const wrong = "export const up = (db) => db.insertInto('nowhere').values({ a: 1 }).execute();";
        workspace.write('migrations', { '3-wrong.mjs': wrong });
        const error = await failure('DBI_SCHEMA_FAILED', () => words({ directory }, engine()));
        expect(error.message).to.contain('The migration 3-wrong.mjs failed').and.to.contain('nowhere');
      });
    });
  }
});
