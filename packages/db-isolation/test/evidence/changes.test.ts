import { expect } from 'chai';
import { compareOnEachEngine, tableOf } from './compared.ts';

const NOTES = [
  'create table note (id integer primary key, text varchar(1000), done integer)',
  "insert into note values (1, 'a', 0), (2, 'b', 0), (3, 'c', null)",
];

compareOnEachEngine('what a test changed', (compared) => {
  const { engine } = compared;
  const TEXT = engine === 'mysql' ? 'varchar(100) collate utf8mb4_general_ci' : 'varchar(100)';
  const BYTES = { sqlite: 'blob', postgres: 'bytea', mysql: 'varbinary(200)' }[engine];
  const quote = (name: string) => (engine === 'mysql' ? `\`${name}\`` : `"${name}"`);
  const bytes = (hex: string) => (engine === 'postgres' ? `'\\x${hex}'` : `x'${hex}'`);
  const manyRows = (table: string, count: number) =>
    ({
      sqlite: `with recursive n (i) as (select 1 union all select i + 1 from n where i < ${count})
        insert into ${table} select i, 'row ' || i from n`,
      postgres: `insert into ${table} select i, 'row ' || i from generate_series(1, ${count}) i`,
      mysql: `insert into ${table} select seq, concat('row ', seq) from seq_1_to_${count}`,
    })[engine];

  it('is nothing', async () => {
    expect(await compared.changes(NOTES, [])).to.deep.equal({ tables: [], schema: [], cut: [] });
  });

  it('is nothing when it is undone, written again as it was, or rolled back', async () => {
    const changes = await compared.changes(NOTES, [
      "update note set text = 'x'",
      "update note set text = 'a' where id = 1",
      "update note set text = 'b' where id = 2",
      "update note set text = 'c' where id = 3",
      'delete from note where id = 3',
      "insert into note values (3, 'c', null)",
      'begin',
      "insert into note values (4, 'never', 1)",
      'rollback',
    ]);
    expect(changes).to.deep.equal({ tables: [], schema: [], cut: [] });
  });

  it('does not show what was never committed', async () => {
    const changes = await compared.changes(NOTES, ['begin', "insert into note values (4, 'never', 1)"]);
    expect(changes.tables).to.deep.equal([]);
  });

  it('is shown by row, with the columns that differ', async () => {
    const changes = await compared.changes(NOTES, [
      "insert into note values (4, 'd', null)",
      'update note set done = 1, text = null where id = 1',
      'delete from note where id = 3',
    ]);
    const { rows, ...counts } = tableOf(changes, 'note');
    expect(counts).to.deep.equal({ table: 'note', inserted: 1, updated: 1, deleted: 1 });
    expect(rows).to.have.deep.members([
      {
        change: 'updated',
        key: { id: '1' },
        columns: { text: { before: 'a', after: null }, done: { before: '0', after: '1' } },
      },
      {
        change: 'inserted',
        key: { id: '4' },
        columns: { id: { after: '4' }, text: { after: 'd' }, done: { after: null } },
      },
      {
        change: 'deleted',
        key: { id: '3' },
        columns: { id: { before: '3' }, text: { before: 'c' }, done: { before: null } },
      },
    ]);
    expect(changes.schema).to.deep.equal([]);
    expect(changes.cut).to.deep.equal([]);
  });

  it('is shown for five rows of a table and fifty in all, and counted for all', async () => {
    const names = Array.from({ length: 12 }, (_, i) => `t${String(i).padStart(2, '0')}`);
    const create = names.map((name) => `create table ${name} (id integer primary key, text varchar(20))`);
    const changes = await compared.changes(
      create,
      names.map((name) => manyRows(name, 7)),
    );
    expect(changes.tables.map(({ table, inserted }) => [table, inserted])).to.deep.equal(
      names.map((name) => [name, 7]),
    );
    const shown = changes.tables.map(({ rows }) => rows.length);
    expect(Math.max(...shown)).to.equal(5);
    expect(shown.reduce((sum, count) => sum + count)).to.equal(50);
  });

  it('is found in tables without a key, by whole rows', async () => {
    const template = [
      'create table log (text varchar(20), n integer)',
      "insert into log values ('a', 1), ('a', 1), (null, 2)",
    ];
    const changes = await compared.changes(template, [
      "insert into log values ('a', 1), (null, null)",
      'delete from log where n = 2',
    ]);
    const { inserted, updated, deleted } = tableOf(changes, 'log');
    // In SQLite the row has a number, which the next row may get.
    expect(inserted + updated).to.equal(2);
    expect(deleted + updated).to.equal(1);
  });

  it('is matched by a key of several columns, of which texts may hold anything', async () => {
    const odd = ["it''s", 'a;b', '-- x', 'ü€😀', '', ' '];
    const values = odd.map((text, i) => `('${text}', ${i}, 'old')`).join(', ');
    const table = quote('odd; "ta`ble" ü');
    const safe = engine === 'mysql' ? '`odd; "ta``ble" ü`' : table.replace('"ta`ble"', '""ta`ble""');
    const changes = await compared.changes(
      [
        `create table ${safe} (k ${TEXT}, n integer, v ${TEXT}, primary key (k, n))`,
        `insert into ${safe} values ${values}`,
      ],
      [`update ${safe} set v = 'new'`, `delete from ${safe} where n = 0`],
    );
    const found = tableOf(changes, 'odd; "ta`ble" ü');
    expect([found.inserted, found.updated, found.deleted]).to.deep.equal([0, 5, 1]);
    const updated = found.rows.filter(({ change }) => change === 'updated').map(({ key }) => [key['k'], key['n']]);
    const expected = odd.map((text, i) => [text.replace("''", "'"), String(i)]);
    for (const pair of updated) expect(expected).to.deep.include(pair);
  });

  it('shows changes of case and of blanks at the end, whatever the collation', async () => {
    const changes = await compared.changes(
      [
        `create table word (id integer primary key, text ${TEXT})`,
        "insert into word values (1, 'Word'), (2, 'end'), (3, 'é')",
      ],
      [
        "update word set text = 'word' where id = 1",
        "update word set text = 'end ' where id = 2",
        "update word set text = 'e' where id = 3",
      ],
    );
    const texts = tableOf(changes, 'word').rows.map(({ columns }) => columns['text']);
    expect(texts).to.have.deep.members([
      { before: 'Word', after: 'word' },
      { before: 'end', after: 'end ' },
      { before: 'é', after: 'e' },
    ]);
  });

  it('shows numbers exactly, and bytes as hexadecimal digits', async () => {
    const changes = await compared.changes(
      [
        `create table amount (id integer primary key, big bigint, price decimal(30, 10), bin ${BYTES})`,
        `insert into amount values (1, 9007199254740993, 1, ${bytes('00ff')})`,
      ],
      [`update amount set big = 9007199254740992, bin = ${bytes('00fe')}`],
    );
    expect(tableOf(changes, 'amount').rows[0]?.columns).to.deep.equal({
      big: { before: '9007199254740993', after: '9007199254740992' },
      bin: { before: "x'00ff'", after: "x'00fe'" },
    });
  });

  it('shows long texts cut to 100 characters, where they differ', async () => {
    const long = 'x'.repeat(900);
    const changes = await compared.changes(
      [...NOTES, `update note set text = '${long}old'`],
      [`update note set text = '${long}new' where id = 1`, `update note set text = '${long}' where id = 2`],
    );
    const { rows } = tableOf(changes, 'note');
    const [one, two] = ['1', '2'].map((id) => rows.find(({ key }) => key['id'] === id)?.columns['text']);
    expect(one).to.deep.equal({ before: `…${'x'.repeat(30)}old`, after: `…${'x'.repeat(30)}new` });
    expect(two?.before).to.have.length(100);
    expect(two?.before).to.match(/^x+…$/);
  });

  it('names what is new, missing and different in the schema', async () => {
    const changes = await compared.changes(
      [
        ...NOTES,
        'create table old (id integer primary key)',
        'create table renamed (id integer primary key)',
        'create index note_done on note (done)',
        'create view done_note as select id from note where done = 1',
        'create view gone_view as select id from note',
      ],
      [
        'create table fresh (id integer primary key, name varchar(20) unique)',
        'insert into fresh values (1, null)',
        'create index fresh_name on fresh (name, id)',
        'drop table old',
        'alter table renamed rename to other',
        'alter table note add column extra integer',
        `drop index note_done${engine === 'mysql' ? ' on note' : ''}`,
        'create index note_text on note (id, done)',
        'drop view gone_view',
        'drop view done_note',
        'create view done_note as select id from note where done = 2',
        'create view new_view as select id from note',
      ],
    );
    const index = (name: string) => (engine === 'mysql' ? `index note.${name}` : `index ${name}`);
    expect(changes.schema).to.have.deep.members([
      { object: 'table fresh', change: 'created' },
      { object: 'table old', change: 'dropped' },
      { object: 'table renamed', change: 'dropped' },
      { object: 'table other', change: 'created' },
      { object: 'table note', change: 'altered' },
      { object: index('note_done'), change: 'dropped' },
      { object: index('note_text'), change: 'created' },
      { object: 'view gone_view', change: 'dropped' },
      { object: 'view done_note', change: 'altered' },
      { object: 'view new_view', change: 'created' },
    ]);
    expect(changes.tables).to.deep.equal([]);
    expect(changes.cut).to.deep.equal([]);
  });

  it('is found in the columns that are left and those that were there before', async () => {
    const changes = await compared.changes(NOTES, [
      'alter table note add column extra integer',
      'alter table note drop column done',
      "update note set text = 'z', extra = 1 where id = 2",
    ]);
    const { rows, ...counts } = tableOf(changes, 'note');
    expect(counts).to.deep.equal({ table: 'note', inserted: 0, updated: 1, deleted: 0 });
    expect(rows[0]?.columns).to.deep.equal({ text: { before: 'b', after: 'z' } });
  });

  it('leaves out columns that are computed', async () => {
    const changes = await compared.changes(
      [
        'create table item (id integer primary key, price integer, double_price integer generated always as (price * 2) stored)',
        'insert into item (id, price) values (1, 5)',
      ],
      ['update item set price = 6'],
    );
    expect(tableOf(changes, 'item').rows[0]?.columns).to.deep.equal({ price: { before: '5', after: '6' } });
  });

  it('is found among many rows, also by a key that is a text', async () => {
    const changes = await compared.changes(
      [
        'create table big (id integer primary key, text varchar(20))',
        manyRows('big', 30_000),
        `create table named (name ${engine === 'sqlite' ? 'text' : 'varchar(20)'} primary key, n integer)`,
        'insert into named select text, id from big',
      ],
      [
        "update big set text = 'x' where id in (1, 15000)",
        'delete from big where id = 30000',
        "insert into big values (40000, 'y')",
        "update named set n = 0 where name = 'row 777'",
        "delete from named where name = 'row 778'",
      ],
    );
    const [big, named] = ['big', 'named'].map((name) => tableOf(changes, name));
    expect([big?.inserted, big?.updated, big?.deleted]).to.deep.equal([1, 2, 1]);
    expect([named?.inserted, named?.updated, named?.deleted]).to.deep.equal([0, 1, 1]);
    expect(big?.rows.map(({ key }) => key['id'])).to.have.members(['1', '15000', '30000', '40000']);
  });

  it('is found when a table was emptied and when one was filled', async () => {
    const empty = engine === 'sqlite' ? 'delete from full_one' : 'truncate table full_one';
    const changes = await compared.changes(
      [
        'create table full_one (id integer primary key, text varchar(20))',
        manyRows('full_one', 5_000),
        'create table empty_one (id integer primary key, text varchar(20))',
      ],
      [empty, manyRows('empty_one', 5_000)],
    );
    expect(tableOf(changes, 'full_one').deleted).to.equal(5_000);
    expect(tableOf(changes, 'empty_one').inserted).to.equal(5_000);
  });

  it('says that it was cut when the time was up', async () => {
    const changes = await compared.changes([...NOTES], ["update note set text = 'x'"], 0.001);
    expect(changes.tables).to.deep.equal([]);
    expect(changes.cut).to.have.length(1);
  });
});
