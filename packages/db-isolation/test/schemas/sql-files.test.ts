import { pathToFileURL } from 'node:url';
import { sqlFiles } from '@acme/db-isolation/schemas/sql-files';
import { expect } from 'chai';
import { schemaContract } from '../contracts/schema-contract.ts';
import { failure } from '../support/rejections.ts';
import { setEnvironment, useWorkspace } from '../support/workspace.ts';

const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;

schemaContract('sqlFiles', {
  source(workspace, id, words) {
    const directory = workspace.write(id, {
      '1.sql': 'create table word (text text);',
      '2.sql': words.map((word) => `insert into word values (${quoted(word)});`).join('\n'),
    });
    return sqlFiles({ files: directory });
  },
});

describe('sqlFiles', () => {
  const workspace = useWorkspace();
  afterEach(() => setEnvironment('SQL_FILES_TEST', undefined));

  it('takes a file, a directory, a file URL, or a list of them in the order given', async () => {
    const directory = workspace.write('sql', {
      'schema.sql': 'create table word (text text)',
      'seeds/b.sql': "insert into word values ('b')",
      'seeds/a.sql': "insert into word values ('a');",
      'seeds/readme.md': 'not SQL',
      'last.sql': "insert into word values ('last')",
    });
    const files = [`${directory}/schema.sql`, pathToFileURL(`${directory}/seeds`), `file://${directory}/last.sql`];
    await workspace.isolation({ schema: sqlFiles({ files }) }).run('reads', async ({ db }) => {
      expect(await db('word').pluck('text')).to.deep.equal(['a', 'b', 'last']);
    });
    await workspace.isolation({ schema: sqlFiles({ files: `${directory}/schema.sql` }) }).run('one', async ({ db }) => {
      expect(await db('word')).to.deep.equal([]);
    });
  });

  it('runs triggers, comments and texts with semicolons in them', async () => {
    const directory = workspace.write('sql', {
      'schema.sql': `
        -- a comment; with a semicolon
        create table word (text text); /* another; one */
        create table log (text text);
        create trigger logs after insert on word begin
          insert into log values (new.text || '; logged');
          insert into log values ('again;');
        end;
        insert into word values ('it''s; fine');`,
    });
    await workspace.isolation({ schema: sqlFiles({ files: directory }) }).run('reads', async ({ db }) => {
      expect(await db('log').pluck('text')).to.deep.equal(["it's; fine; logged", 'again;']);
    });
  });

  it('says which file failed and why', async () => {
    const directory = workspace.write('sql', {
      '1.sql': 'create table word (text text)',
      '2-wrong.sql': "insert into word values ('a'); insert into nowhere values (1);",
    });
    const isolation = workspace.isolation({ schema: sqlFiles({ files: directory }) });
    for (let time = 0; time < 2; time += 1) {
      const error = await failure('DBI_SCHEMA_FAILED', () => isolation.acquire());
      expect(error.message).to.contain('2-wrong.sql').and.to.contain('no such table: nowhere');
      expect(error.cause).to.include({ code: 'SQLITE_ERROR' });
    }
  });

  it('says where it looked for files that are not there', async () => {
    const empty = workspace.write('empty', { 'readme.md': '' });
    for (const files of [`${workspace.path}/missing.sql`, `${workspace.path}/missing`, empty]) {
      const error = await failure('DBI_SCHEMA_NOT_FOUND', () =>
        workspace.isolation({ schema: sqlFiles({ files }) }).acquire(),
      );
      expect(error.message).to.contain(files).and.to.contain(process.cwd());
    }
    const missing = [`${workspace.path}/missing.sql`, empty];
    const both = sqlFiles({ files: missing });
    expect((await failure('DBI_SCHEMA_NOT_FOUND', () => both.fingerprint())).message).to.contain(missing[0]);
  });

  it('refuses an empty list instead of making an empty template', async () => {
    await failure('DBI_INVALID_OPTION', () => sqlFiles({ files: [] }));
  });

  it('has a fingerprint that follows text, names and order of the files, and the variables listed', async () => {
    const directory = workspace.write('sql', { 'a.sql': 'select 1', 'b.sql': 'select 2' });
    const [a, b] = [`${directory}/a.sql`, `${directory}/b.sql`];
    const print = (files: string | string[], env: string[] = []) => sqlFiles({ files, env }).fingerprint();
    const before = print(directory);
    expect(print([a, b])).to.equal(before);
    expect(print([b, a]), 'order').not.to.equal(before);
    expect(print([a]), 'fewer').not.to.equal(before);
    const unset = print(directory, ['SQL_FILES_TEST']);
    process.env['SQL_FILES_TEST'] = '';
    const set = print(directory, ['SQL_FILES_TEST']);
    expect(set, 'unset is not empty').not.to.equal(unset);
    expect(print(directory), 'a variable that is not listed').to.equal(before);
    workspace.write('sql', { 'b.sql': 'select 3' });
    expect(print(directory), 'text').not.to.equal(before);
  });
});
