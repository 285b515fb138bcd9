import { readFileSync } from 'node:fs';
import { createIsolation, type Engine } from '@acme/db-isolation';
import { drizzleClient } from '@acme/db-isolation/clients/drizzle';
import { urlClient } from '@acme/db-isolation/clients/url';
import { sqlite } from '@acme/db-isolation/engines/sqlite';
import { type DrizzleMigrationsOptions, drizzleMigrations } from '@acme/db-isolation/schemas/drizzle-migrations';
import Database from 'better-sqlite3';
import { expect } from 'chai';
import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import { migrate } from 'drizzle-orm/better-sqlite3/migrator';
import type { Knex } from 'knex';
import { schemaContract } from '../contracts/schema-contract.ts';
import { engineOn } from '../support/clients-under-test.ts';
import { failure } from '../support/rejections.ts';
import { describeWith } from '../support/servers/available.ts';
import { withSql } from '../support/sql.ts';
import { setEnvironment, useWorkspace, type Workspace } from '../support/workspace.ts';

const CREATE = 'CREATE TABLE word (text varchar(200));';
const insertion = (word: string) => `INSERT INTO word VALUES ('${word.replaceAll("'", "''")}');`;

/** A folder as drizzle-kit makes it: migrations by their names, statements one by one. */
function folderOf(workspace: Workspace, name: string, migrations: Readonly<Record<string, readonly string[]>>): string {
  const entries = Object.keys(migrations).map((tag, idx) => ({
    idx,
    version: '6',
    when: 1000 + idx,
    tag,
    breakpoints: true,
  }));
  const files = Object.entries(migrations).map(([tag, sql]) => [
    `${tag}.sql`,
    sql.join('\n--> statement-breakpoint\n'),
  ]);
  return workspace.write(name, {
    'meta/_journal.json': JSON.stringify({ version: '7', dialect: 'sqlite', entries }),
    ...Object.fromEntries(files),
  });
}

schemaContract('drizzleMigrations', {
  source: (workspace, id, words) =>
    drizzleMigrations({
      folder: folderOf(workspace, id, { '0000_create': [CREATE], '0001_words': words.map(insertion) }),
    }),
});

describe('drizzleMigrations', () => {
  const workspace = useWorkspace();
  afterEach(() => setEnvironment('MIGRATIONS_TEST', undefined));

  const wordsOf = (options: DrizzleMigrationsOptions) =>
    workspace.isolation({ schema: drizzleMigrations(options) }).run('reads', ({ db }) => db('word').pluck('text'));

  it("leaves what Drizzle's own migrate leaves, and nothing to do for it", async () => {
    const folder = folderOf(workspace, 'drizzle', {
      '0000_create': [CREATE, insertion('a')],
      '0001_more': [insertion('b')],
    });
    const file = new Database(':memory:');
    const plain = drizzle({ client: file });
    migrate(plain, { migrationsFolder: folder });
    const recorded = sql`select hash, created_at from __drizzle_migrations order by created_at`;
    const schema = drizzleMigrations({ folder });
    const isolation = createIsolation({ engine: sqlite(), client: drizzleClient({ dialect: 'sqlite' }), schema });
    workspace.atEnd(() => isolation.close());
    await isolation.run('migrates', async ({ db }) => {
      expect(db.all(recorded)).to.deep.equal(plain.all(recorded)).and.to.have.length(2);
      migrate(db, { migrationsFolder: folder });
      expect(db.all(sql`select text from word order by text`)).to.deep.equal([{ text: 'a' }, { text: 'b' }]);
    });
    file.close();
  });

  it('runs seeds after all migrations with what the client opens, and names the one that failed', async () => {
    const folder = folderOf(workspace, 'drizzle', { '0000_create': [CREATE] });
    const seed = (word: string) => `export const seed = (knex) => knex('word').insert({ text: '${word}' });`;
    const seeds = workspace.write('seeds', { 'b.mjs': seed('b'), 'a.ts': seed('a') });
    expect(await wordsOf({ folder, seeds })).to.deep.equal(['a', 'b']);
    workspace.write('seeds', { 'c.mjs': "export const seed = () => Promise.reject(new Error('no seed'));" });
    const error = await failure('DBI_SCHEMA_FAILED', () => wordsOf({ folder, seeds }));
    expect(error.message).to.contain('The seed c.mjs failed').and.to.contain('no seed');
  });

  it("uses the app's settings of the migrator", async () => {
    const folder = folderOf(workspace, 'drizzle', { '0000_create': [CREATE] });
    const schema = drizzleMigrations({ folder, migrator: { migrationsTable: 'my_migrations' } });
    await workspace.isolation({ schema }).run('reads', async ({ db }: { db: Knex }) => {
      expect(await db('my_migrations')).to.have.length(1);
    });
  });

  it('names the migration that failed, with its cause, every time', async () => {
    const folder = folderOf(workspace, 'drizzle', {
      '0000_create': [CREATE],
      '0001_wrong': [insertion('x'), "INSERT INTO nowhere VALUES ('x');"],
      '0002_never': [insertion('y')],
    });
    const isolation = workspace.isolation({ schema: drizzleMigrations({ folder }) });
    for (let time = 0; time < 2; time += 1) {
      const error = await failure('DBI_SCHEMA_FAILED', () => isolation.acquire());
      expect(error.message).to.contain('The migration 0001_wrong.sql failed').and.to.contain('nowhere');
      expect(error.cause).to.be.instanceOf(Error);
    }
    const refused = { 'no-breakpoint': `${insertion('a')} ${insertion('b')}`, 'no-sql': 'INSERT INTO' };
    for (const [name, statement] of Object.entries(refused)) {
      const folder = folderOf(workspace, name, { '0000_create': [CREATE], [`0001_${name}`]: [statement] });
      const error = await failure('DBI_SCHEMA_FAILED', () => wordsOf({ folder }));
      expect(error.message).to.contain(`The migration 0001_${name}.sql failed`);
    }
  });

  it('says what is missing of the folder, or wrong with its journal', async () => {
    const missing = `${workspace.path}/missing`;
    const sqlOnly = workspace.write('sql-only', { '0000_create.sql': CREATE });
    const empty = folderOf(workspace, 'empty', {});
    const gone = folderOf(workspace, 'gone', { '0000_create': [CREATE] });
    const journal = readFileSync(`${gone}/meta/_journal.json`, 'utf8');
    workspace.write('gone', { 'meta/_journal.json': journal.replace('0000_create', '0000_renamed') });
    for (const folder of [missing, sqlOnly, empty, gone]) {
      const error = await failure('DBI_SCHEMA_NOT_FOUND', () => wordsOf({ folder }));
      expect(error.message).to.contain(folder).and.to.contain('_journal.json');
      if (folder === gone) expect(error.message).to.contain('0000_renamed.sql');
    }
    for (const [index, text] of ['{ "entries": [', '{}', '[]', '{ "entries": [{}] }', 'null'].entries()) {
      const folder = workspace.write(`broken-${index}`, { 'meta/_journal.json': text });
      const error = await failure('DBI_SCHEMA_FAILED', () => wordsOf({ folder }));
      expect(error.message, text).to.contain('_journal.json');
    }
    const folder = folderOf(workspace, 'drizzle', { '0000_create': [CREATE] });
    await failure('DBI_SCHEMA_NOT_FOUND', () => wordsOf({ folder, seeds: missing }));
  });

  it('has a fingerprint that follows everything that decides what is built', () => {
    const print = (
      statement = CREATE,
      options: Partial<DrizzleMigrationsOptions> = {},
      files: Record<string, string> = {},
    ) => {
      const folder = folderOf(workspace, 'drizzle', { '0000_create': [statement] });
      workspace.write('drizzle', files);
      return drizzleMigrations({ folder, ...options }).fingerprint();
    };
    const before = print();
    expect(print(CREATE, {}, { 'meta/0000_snapshot.json': '{}', '9999_not_listed.sql': '' })).to.equal(before);
    const different = [
      print('CREATE TABLE word (text text);'),
      print(CREATE, {}, { 'meta/_journal.json': JSON.stringify({ entries: [{ tag: '0000_create', when: 7 }] }) }),
      print(CREATE, { seeds: workspace.write('seeds', { 'a.mjs': '' }) }),
      print(CREATE, { migrator: { migrationsTable: 'other' } }),
      print(CREATE, { env: ['MIGRATIONS_TEST'] }),
    ];
    expect(new Set([before, ...different]).size).to.equal(different.length + 1);
  });

  it('leaves a database in the journal mode that the engine is told to use', async () => {
    const folder = folderOf(workspace, 'drizzle', { '0000_create': [CREATE] });
    const engine = sqlite({ pragmas: { journal_mode: 'wal' } });
    const isolation = createIsolation({
      engine,
      client: urlClient(),
      schema: drizzleMigrations({ folder }),
      keep: 'never',
    });
    workspace.atEnd(() => isolation.close());
    await isolation.run('reads', ({ url }) => {
      const file = new Database(url.replace('sqlite://', ''));
      expect(file.pragma('journal_mode', { simple: true })).to.equal('wal');
      file.close();
    });
  });

  for (const dialect of ['postgres', 'mysql'] as const) {
    describeWith(dialect, `on ${dialect}`, (server) => {
      const run = async (engine: Engine, folder: string) => {
        const isolation = createIsolation({
          engine,
          client: urlClient(),
          schema: drizzleMigrations({ folder }),
          keep: 'never',
        });
        workspace.atEnd(() => isolation.close());
        const table = dialect === 'postgres' ? 'drizzle.__drizzle_migrations' : '__drizzle_migrations';
        return isolation.run('reads', ({ url }) =>
          withSql(url, async (connection) => [
            await connection.values('select text from word'),
            (await connection.values(`select hash from ${table}`)).length,
          ]),
        );
      };

      it('fills the database of a server, and names what fails there', async () => {
        const create = { '0000_create': [CREATE], '0001_words': [insertion('on a server')] };
        const engine = () => engineOn(dialect, server);
        expect(await run(engine(), folderOf(workspace, 'good', create))).to.deep.equal([['on a server'], 2]);
        const folder = folderOf(workspace, 'bad', { ...create, '0002_wrong': ["INSERT INTO nowhere VALUES ('x');"] });
        const error = await failure('DBI_SCHEMA_FAILED', () => run(engine(), folder));
        expect(error.message).to.contain('The migration 0002_wrong.sql failed').and.to.contain('nowhere');
      });
    });
  }
});
