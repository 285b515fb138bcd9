import { relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type KnexMigrationsOptions, knexMigrations } from '@acme/db-isolation/schemas/knex-migrations';
import { expect } from 'chai';
import createKnex, { type Knex } from 'knex';
import { schemaContract } from '../contracts/schema-contract.ts';
import { failure } from '../support/rejections.ts';
import { setEnvironment, useWorkspace } from '../support/workspace.ts';

const CREATE = `export const up = (knex) => knex.schema.createTable('word', (table) => table.text('text'));
  export const down = (knex) => knex.schema.dropTable('word');`;
const CREATE_CJS = CREATE.replaceAll('export const ', 'exports.');
const DOWN = 'export const down = async () => {};';
const insert = (word: string) => `knex('word').insert({ text: ${JSON.stringify(word)} })`;
const ESM = (word: string) => `export const up = (knex) => ${insert(word)}; export const down = async () => {};`;
const CJS = (word: string) => `exports.up = (knex) => ${insert(word)}; exports.down = async () => {};`;
const CJS_OBJECT = (word: string) => `module.exports = { up: (knex) => ${insert(word)}, down: async () => {} };`;
const TS = (word: string) => `import type { Knex } from 'knex';
  export async function up(knex: Knex): Promise<void> { await ${insert(word)}; }
  export async function down(_knex: Knex): Promise<void> {}`;
const DEFAULT = (word: string) => `export default { up: (knex) => ${insert(word)}, down: async () => {} };`;
const seed = (word: string) => `export const seed = (knex) => ${insert(word)};`;

schemaContract('knexMigrations', {
  source: (workspace, id, words) =>
    knexMigrations({
      directory: workspace.write(id, {
        '1.mjs': CREATE,
        ...Object.fromEntries(words.map((word, n) => [`2${n}.mjs`, ESM(word)])),
      }),
    }),
});

describe('knexMigrations', () => {
  const workspace = useWorkspace();
  afterEach(() => setEnvironment('MIGRATIONS_TEST', undefined));

  const words = (options: KnexMigrationsOptions) =>
    workspace.isolation({ schema: knexMigrations(options) }).run('reads', ({ db }) => db('word').pluck('text'));

  it('runs migrations of every kind in one directory, in the order of their names', async () => {
    const directory = workspace.write('project', {
      'package.json': '{ "type": "module" }',
      'migrations/01-create.ts': CREATE,
      'migrations/02.ts': TS('ts'),
      'migrations/03.mts': TS('mts'),
      'migrations/04.cjs': CJS('cjs'),
      'migrations/05.cjs': CJS_OBJECT('cjs object'),
      'migrations/06.mjs': ESM('mjs'),
      'migrations/07.js': ESM('js in a module package'),
      'migrations/08.mjs': DEFAULT('default export'),
      'migrations/09.cts': TS('cts'),
    });
    expect(await words({ directory: `${directory}/migrations` })).to.deep.equal([
      ...['ts', 'mts', 'cjs', 'cjs object', 'mjs', 'js in a module package', 'default export', 'cts'],
    ]);
  });

  it('runs .js and .ts files of a CommonJS package', async () => {
    const directory = workspace.write('commonjs', {
      'package.json': '{ "type": "commonjs" }',
      '1.js': CREATE_CJS,
      '2.js': CJS('js'),
      '3.ts': TS('ts'),
    });
    expect(await words({ directory })).to.deep.equal(['js', 'ts']);
  });

  it('runs seeds after all migrations, in the order of their names', async () => {
    const directory = workspace.write('migrations', { '1.mjs': CREATE, '2.mjs': ESM('migration') });
    const seeds = workspace.write('seeds', {
      'b.mjs': seed('b'),
      'a.ts': `import type { Knex } from 'knex'; export async function seed(knex: Knex): Promise<void> { await ${insert('a')}; }`,
      'c.cjs': `exports.seed = async (knex) => { await ${insert('c')}; };`,
    });
    expect(await words({ directory, seeds })).to.deep.equal(['migration', 'a', 'b', 'c']);
  });

  it('ignores declarations, source maps, texts and directories', async () => {
    const directory = workspace.write('migrations', {
      '1.mjs': CREATE,
      '1.d.ts': 'throw new Error("declarations are not migrations")',
      '1.d.mts': 'throw new Error("declarations are not migrations")',
      '1.mjs.map': '{}',
      'README.md': 'text',
      '2.sql': 'drop table word',
      'helpers/throws.mjs': 'throw new Error("not a migration")',
    });
    expect(await words({ directory })).to.deep.equal([]);
  });

  it('takes relative paths, absolute paths and file URLs, as text or as objects', async () => {
    const directory = workspace.write('a b', { '1.mjs': CREATE, '2.mjs': ESM('found') });
    const url = pathToFileURL(directory);
    for (const path of [relative(process.cwd(), directory), directory, url, url.href]) {
      expect(await words({ directory: path })).to.deep.equal(['found']);
    }
  });

  it('says where it looked when there are no migrations or no seeds', async () => {
    const directory = workspace.write('migrations', { '1.mjs': CREATE });
    const empty = workspace.write('empty', { 'readme.md': '', 'x.d.ts': '' });
    const missing = `${workspace.path}/missing`;
    const wrong: [KnexMigrationsOptions, string][] = [
      [{ directory: missing }, missing],
      [{ directory: empty }, empty],
      [{ directory, seeds: missing }, missing],
      [{ directory, seeds: empty }, empty],
      [{ directory: `${directory}/1.mjs` }, `${directory}/1.mjs`],
    ];
    for (const [options, path] of wrong) {
      const error = await failure('DBI_SCHEMA_NOT_FOUND', () => words(options));
      expect(error.message).to.contain(`${options.seeds === path ? 'seeds' : 'migrations'} found at ${path}.`);
      expect(error.message).to.contain(process.cwd());
    }
  });

  it('names the migration that failed, with its cause, every time, and prints nothing', async () => {
    const wrong = {
      throws: `${DOWN} export const up = () => { throw new Error("thrown at once"); };`,
      rejects: `${DOWN} export const up = async (knex) => knex("nowhere").insert({ a: 1 });`,
      syntax: 'export const up = (',
      imports: `import "./not-there.mjs"; ${DOWN} export const up = async () => {};`,
      nothing: DOWN,

      notransaction: `${DOWN} export const config = { transaction: false }; export const up = () => Promise.reject(new Error("plain"));`,
    };
    const causes = [
      /thrown at once/,
      /no such table: nowhere/,
      /./,
      /not-there/,
      /does not export a function "up"/,
      /plain/,
    ];
    for (const [index, [name, text]] of Object.entries(wrong).entries()) {
      const directory = workspace.write(name, { '1.mjs': CREATE, [`2-${name}.mjs`]: text, '3.mjs': ESM('never') });
      const isolation = workspace.isolation({ schema: knexMigrations({ directory }) });
      for (let time = 0; time < 2; time += 1) {
        const [error, printed] = await whatIsPrinted(() => failure('DBI_SCHEMA_FAILED', () => isolation.acquire()));
        expect(error.message)
          .to.contain(`The migration 2-${name}.mjs failed`)
          .and.to.match(causes[index] ?? /^$/);
        expect(error.cause).to.be.instanceOf(Error);
        expect(printed).to.equal('');
      }
    }
  });

  it('names the seed that failed', async () => {
    const directory = workspace.write('migrations', { '1.mjs': CREATE });
    const seeds = workspace.write('seeds', {
      'a.mjs': seed('a'),
      'b.mjs': 'export const seed = (knex) => knex("gone").del();',
    });
    const error = await failure('DBI_SCHEMA_FAILED', () => words({ directory, seeds }));
    expect(error.message).to.contain('The seed b.mjs failed').and.to.contain('no such table: gone');
  });

  it("leaves nothing to do for the app's own migrator", async () => {
    const directory = workspace.write('migrations', { '1-create.cjs': CREATE_CJS, '2-more.js': CJS('more') });
    const own = { directory, loadExtensions: ['.cjs', '.js'] };
    const plain = createKnex({ client: 'better-sqlite3', connection: ':memory:', useNullAsDefault: true });
    await plain.migrate.latest(own);
    const recorded = (db: Knex) => db('knex_migrations').orderBy('id').select('name', 'batch');

    await workspace.isolation({ schema: knexMigrations({ directory }) }).run('migrates', async ({ db }) => {
      expect(await recorded(db)).to.deep.equal(await recorded(plain));
      expect(await db.migrate.status(own)).to.equal(0);
      const [, ran] = await db.migrate.latest(own);
      expect(ran).to.deep.equal([]);
      expect((await db.migrate.rollback(own))[1]).to.have.length(2);
      expect(await db.schema.hasTable('word')).to.equal(false);
    });
    await plain.destroy();
  });

  it("uses the app's settings of the migrator", async () => {
    const directory = workspace.write('migrations', {
      '1.mjs': CREATE,
      '2.mjs': ESM('taken'),
      '3.js': 'throw new Error("the compiled twin of a migration")',
    });
    const migrator = { tableName: 'my_migrations', loadExtensions: ['.mjs'] };
    await workspace.isolation({ schema: knexMigrations({ directory, migrator }) }).run('reads', async ({ db }) => {
      expect(await db('word').pluck('text')).to.deep.equal(['taken']);
      expect(await db('my_migrations').pluck('name')).to.deep.equal(['1.mjs', '2.mjs']);
    });
  });

  it('takes a migration source of the app, and still names what fails', async () => {
    const directory = workspace.write('migrations', { '1.mjs': CREATE });
    const sourceOf = (up: (knex: Knex) => Promise<unknown>): Knex.MigrationSource<string> => ({
      getMigrations: async () => ['create', 'then'],
      getMigrationName: (migration) => `0-${migration}`,
      getMigration: async (migration) => ({
        up: migration === 'create' ? (knex) => knex.schema.createTable('word', (table) => table.text('text')) : up,
        down: async () => undefined,
      }),
    });
    const good = sourceOf((knex) => knex('word').insert({ text: 'from a source' }));
    expect(await words({ directory, migrator: { migrationSource: good } })).to.deep.equal(['from a source']);

    const bad = sourceOf(() => Promise.reject(new Error('bad source')));
    process.env['MIGRATIONS_TEST'] = 'bad';
    const options = { directory, migrator: { migrationSource: bad }, env: ['MIGRATIONS_TEST'] };
    const error = await failure('DBI_SCHEMA_FAILED', () => words(options));
    expect(error.message).to.contain('The migration 0-then failed').and.to.contain('bad source');
  });

  it('has a fingerprint that follows everything that decides what is built', () => {
    const PROJECT = {
      'migrations/1.mjs': `import '../lib/one.mjs';\n${CREATE}`,
      'migrations/note.txt': 'one',
      'lib/one.mjs': "export * from './two';",
      'lib/two.ts': "import data from './data.json' with { type: 'json' }; export { data };",
      'lib/data.json': '[1]',
      'lib/unrelated.mjs': '',
      'seeds/a.cjs': "const helper = require('./helper/index.cjs');",
      'seeds/helper/index.cjs': 'module.exports = 1;',
    };
    const print = (changes: Partial<typeof PROJECT> = {}, options: Partial<KnexMigrationsOptions> = {}) => {
      const project = workspace.write('project', { ...PROJECT, ...changes });
      return knexMigrations({
        directory: `${project}/migrations`,
        seeds: `${project}/seeds`,
        ...options,
      }).fingerprint();
    };
    const before = print();
    const different = {
      'the text of a migration': print({ 'migrations/1.mjs': `${PROJECT['migrations/1.mjs']}\n` }),
      'a module that it imports': print({ 'lib/one.mjs': "export * from './two'; // more" }),
      'a module that is imported without its ending': print({ 'lib/two.ts': "import './data.json'; // more" }),
      'data that is imported': print({ 'lib/data.json': '[2]' }),
      'a seed': print({ 'seeds/a.cjs': "require('./helper/index.cjs'); // more" }),
      'a module that a seed requires': print({ 'seeds/helper/index.cjs': 'module.exports = 2;' }),
      'a setting of the migrator': print({}, { migrator: { tableName: 'other' } }),
      'a variable that is listed': print({}, { env: ['MIGRATIONS_TEST'] }),
    };
    for (const [what, after] of Object.entries(different)) expect(after, what).not.to.equal(before);
    const unused = { 'lib/unrelated.mjs': '// changed', 'migrations/note.txt': 'two' };
    expect(print(unused), 'what no migration uses').to.equal(before);
  });
});

/** Runs `action` and answers its result with everything that was printed meanwhile. */
async function whatIsPrinted<T>(action: () => Promise<T>): Promise<[T, string]> {
  let printed = '';
  const streams = [process.stdout, process.stderr];
  const originals = streams.map((stream) => stream.write);
  for (const stream of streams) {
    stream.write = (text: string | Uint8Array) => {
      printed += String(text);
      return true;
    };
  }
  try {
    return [await action(), printed];
  } finally {
    for (const [index, stream] of streams.entries()) stream.write = originals[index] as typeof stream.write;
  }
}
