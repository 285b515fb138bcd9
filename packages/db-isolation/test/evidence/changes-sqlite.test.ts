import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import Database from 'better-sqlite3';
import { expect } from 'chai';
import { fileOf } from '../support/workspace.ts';
import { compareOnSqlite, tableOf } from './compared.ts';

const NOTES = ['create table note (id integer primary key, text)', "insert into note values (1, 'a'), (2, 'b')"];

compareOnSqlite('what a test changed in a file', (compared) => {
  it('is read from a write-ahead log that is still beside it, which stays', async () => {
    let open: Database.Database | undefined;
    const changes = await compared.changesBy(NOTES, async ({ address }) => {
      open = new Database(fileOf(address));
      open.pragma('journal_mode = wal');
      open.exec("insert into note values (3, 'c'); begin; insert into note values (4, 'open')");
    });
    open?.close();
    expect(tableOf(changes, 'note').rows.map(({ key }) => key['id'])).to.deep.equal(['3']);
  });

  it('is read from a database that the template has as one with a write-ahead log', async () => {
    const changes = await compared.changes(
      ['pragma journal_mode = wal', ...NOTES],
      ["insert into note values (3, 'c')"],
    );
    expect(tableOf(changes, 'note').inserted).to.equal(1);
  });

  it('leaves out what a process that was killed had not committed', async () => {
    const changes = await compared.changesBy(NOTES, async ({ address }) => {
      const script = `
        const db = new (require(process.argv[1]))(process.argv[2]);
        db.exec("pragma cache_size = 1; update note set text = 'first'; begin");
        db.exec("update note set text = 'never'; create table filler as with recursive n (i) as (select 1 union all select i + 1 from n where i < 5000) select i from n");
        process.kill(process.pid, 'SIGKILL');`;
      const driver = createRequire(import.meta.url).resolve('better-sqlite3');
      expect(spawnSync(process.execPath, ['-e', script, driver, fileOf(address)]).signal).to.equal('SIGKILL');
    });
    expect(tableOf(changes, 'note').updated).to.equal(2);
    expect(tableOf(changes, 'note').rows[0]?.columns['text']?.after).to.equal('first');
    expect(changes.schema).to.deep.equal([]);
  });

  it('is not found while somebody holds the file exclusively, which is said', async () => {
    let open: Database.Database | undefined;
    const changes = await compared.changesBy(NOTES, async ({ address }) => {
      open = new Database(fileOf(address));
      open.exec("begin exclusive; insert into note values (3, 'c')");
    });
    open?.close();
    expect(changes.tables).to.deep.equal([]);
    expect(changes.cut)
      .to.have.length(1)
      .and.match(/locked/);
  });

  it('shows a value of another type, a name of the row, null in a key, and keys that are texts', async () => {
    const changes = await compared.changes(
      [
        ...NOTES,
        'create table keyless (v)',
        'insert into keyless values (1), (2)',
        'create table optional (k text primary key, v)',
        "insert into optional values (null, 1), (null, 2), ('x', 3)",
        'create table word (k text collate nocase primary key, v) without rowid',
        "insert into word values ('A', 1), ('b', 2)",
      ],
      [
        "update note set text = 5 where id = 1; update note set text = '5' where id = 2",
        "update keyless set v = '1' where v = 1",
        'update optional set v = 9 where v = 2',
        "update word set k = 'a' where v = 1",
      ],
    );
    expect(tableOf(changes, 'keyless').rows).to.deep.equal([
      { change: 'updated', key: { rowid: '1' }, columns: { v: { before: '1 (integer)', after: '1 (text)' } } },
    ]);
    expect(tableOf(changes, 'optional').rows).to.deep.equal([
      { change: 'updated', key: { rowid: '2' }, columns: { v: { before: '2', after: '9' } } },
    ]);
    expect(tableOf(changes, 'word').rows).to.deep.equal([
      { change: 'updated', key: { k: 'A' }, columns: { k: { before: 'A', after: 'a' } } },
    ]);
  });

  it('shows numbers that differ in their last digit, and infinite ones', async () => {
    const changes = await compared.changes(
      ['create table real_one (id integer primary key, v real)', 'insert into real_one values (1, 0.3), (2, 1)'],
      ['update real_one set v = 0.1 + 0.2 where id = 1; update real_one set v = 9e999 where id = 2'],
    );
    for (const { columns } of tableOf(changes, 'real_one').rows) {
      expect(columns['v']?.before).not.to.equal(columns['v']?.after);
    }
  });

  it('names triggers, pragmas and full text tables, and the rows of those', async () => {
    const changes = await compared.changes(
      [...NOTES, 'create virtual table words using fts5 (text)', "insert into words values ('one')"],
      [
        'create trigger log after insert on note begin select 1; end',
        'pragma user_version = 7',
        "insert into words values ('two')",
      ],
    );
    expect(changes.schema).to.deep.equal([
      { object: 'trigger log', change: 'created' },
      { object: 'pragma user_version', change: 'altered' },
    ]);
    expect(changes.tables.map(({ table, inserted }) => [table, inserted])).to.deep.equal([['words', 1]]);
  });

  it('is found in all other tables when one needs what only the app has', async () => {
    const changes = await compared.changes(
      [
        ...NOTES,
        'create table strange (v text primary key)',
        `pragma writable_schema = on;
         update sqlite_schema set sql = replace(sql, 'text', 'text collate mine') where name = 'strange'`,
      ],
      ["update note set text = 'x' where id = 1"],
    );
    expect(changes.tables.map(({ table, updated }) => [table, updated])).to.deep.equal([['note', 1]]);
    expect(changes.cut).to.deep.equal(['comparing table strange failed: no such collation sequence: mine']);
  });

  it('is compared as far as there was time', async () => {
    const rows =
      'with recursive n (i) as (select 1 union all select i + 1 from n where i < 300000) insert into big select i, i from n';
    const changes = await compared.changes(
      ['create table big (id integer primary key, v)', rows, ...NOTES],
      ['update big set v = 0 where id = 1', "update note set text = 'x'"],
      10,
    );
    expect(changes.cut).to.have.length(1);
    expect(changes.cut[0]).to.match(/^stopped after 10 ms: /);
  });
});
