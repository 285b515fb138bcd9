import { expect } from 'chai';
import { MYSQL, POSTGRES } from '../support/server-kinds.ts';
import { compareOnServer, tableOf } from './compared.ts';

const NOTES = ['create table note (id integer primary key, text varchar(50))', "insert into note values (1, 'a')"];

compareOnServer(POSTGRES, 'what a test changed on PostgreSQL', (compared) => {
  it('is shown of a divided table by its own name, also where a row moved to another part', async () => {
    const changes = await compared.changes(
      [
        'create table entry (id integer, year integer, text text, primary key (id, year)) partition by list (year)',
        'create table entry_1 partition of entry for values in (2001)',
        'create table entry_2 partition of entry for values in (2002)',
        "insert into entry values (1, 2001, 'a'), (2, 2002, 'b')",
      ],
      ["update entry set text = 'x'", 'update entry set year = 2002 where id = 1'],
    );
    expect(changes.tables).to.have.length(1);
    const { inserted, updated, deleted } = tableOf(changes, 'entry');
    expect([inserted, updated, deleted]).to.deep.equal([1, 1, 1]);
  });

  it('is found when the whole table was written anew', async () => {
    const changes = await compared.changes(
      [
        'create table big (id integer primary key, text text)',
        "insert into big select i, 'always as long' from generate_series(1, 60000) i", // so that rows take each other's place
      ],
      ['delete from big where id = 7', 'vacuum full big', "update big set text = 'x' where id = 60000"],
    );
    const { rows, ...counts } = tableOf(changes, 'big');
    expect(counts).to.deep.equal({ table: 'big', inserted: 0, updated: 1, deleted: 1 });
    expect(rows.map(({ change, key }) => [change, key['id']])).to.deep.equal([
      ['updated', '60000'],
      ['deleted', '7'],
    ]);
  });

  it('names functions, triggers, types, sequences and policies, but not what an insert moves', async () => {
    const changes = await compared.changes(
      [
        'create table note (id serial primary key, text text)',
        "create function f() returns integer language sql as 'select 1'",
        "create type mood as enum ('good')",
        'create sequence free',
        'create schema other',
        'create table other.thing (id integer)',
      ],
      [
        "insert into note (text) values ('x')",
        "create or replace function f() returns integer language sql as 'select 2'",
        'create function t() returns trigger language plpgsql as $$ begin return new; end $$',
        'create trigger log before insert on note for each row execute function t()',
        "alter type mood add value 'bad'",
        'create policy mine on note using (true)',
        'drop sequence free',
        'create table other.fresh (id serial)',
        'drop table other.thing',
      ],
    );
    expect(changes.schema).to.have.deep.members([
      { object: 'function t()', change: 'created' },
      { object: 'trigger note.log', change: 'created' },
      { object: 'policy note.mine', change: 'created' },
      { object: 'table other.fresh', change: 'created' },
      { object: 'function f()', change: 'altered' },
      { object: 'type mood', change: 'altered' },
      { object: 'sequence free', change: 'dropped' },
      { object: 'table other.thing', change: 'dropped' },
    ]);
    expect(tableOf(changes, 'note').inserted).to.equal(1);
  });

  it('is found in columns of types that cannot be compared', async () => {
    const changes = await compared.changes(
      [
        'create table doc (id integer primary key, j json, p point, x numeric)',
        `insert into doc values (1, '{"a":1}', '(1,2)', 1.0)`,
      ],
      [`update doc set j = '{"a": 1}', x = 1.00`],
    );
    expect(tableOf(changes, 'doc').rows[0]?.columns).to.deep.equal({
      j: { before: '{"a":1}', after: '{"a": 1}' },
      x: { before: '1.0', after: '1.00' },
    });
  });

  it('shows times the same way whatever the database has as its defaults', async () => {
    const changes = await compared.changesBy(
      [
        'create table event (id integer primary key, at timestamptz)',
        "insert into event values (1, '2024-01-01 00:00+00')",
      ],
      async () => undefined,
    );
    expect(changes).to.deep.equal({ tables: [], schema: [], cut: [] });
  });

  it('says that large objects and tables that may not be read were left out', async () => {
    const changes = await compared.changes(NOTES, ['select lo_create(0)', "update note set text = 'x'"]);
    expect(changes.cut).to.deep.equal(['not compared: large objects']);
    expect(changes.tables).to.have.length(1);
  });
});

compareOnServer(MYSQL, 'what a test changed on MariaDB', (compared) => {
  it('is found in a large table without a key, by number', async () => {
    const changes = await compared.changes(
      ['create table log (n integer)', 'insert into log select seq from seq_1_to_60000'],
      ['insert into log values (1), (2)', 'delete from log where n = 60000'],
    );
    expect(changes.tables).to.deep.equal([{ table: 'log', inserted: 1, updated: 0, deleted: 0, rows: [] }]);
    expect(changes.cut)
      .to.have.length(1)
      .and.match(/only counted/);
  });

  it('names routines, triggers, events and sequences, but not what an insert moves', async () => {
    const changes = await compared.changes(
      [
        'create table note (id integer primary key auto_increment, text varchar(50))',
        'create function f() returns integer return 1',
        'create event tick on schedule every 1 year starts current_timestamp + interval 1 year do select 1',
        'create sequence s',
      ],
      [
        "insert into note (text) values ('x')",
        'do nextval(s)',
        'drop function f',
        'create procedure p() select 1',
        'create trigger log before insert on note for each row set new.text = new.text',
        'create index by_text on note (text)',
        'create sequence free',
      ],
    );
    expect(changes.schema).to.have.deep.members([
      { object: 'function f', change: 'dropped' },
      { object: 'procedure p', change: 'created' },
      { object: 'trigger log', change: 'created' },
      { object: 'index note.by_text', change: 'created' },
      { object: 'sequence free', change: 'created' },
    ]);
    expect(changes.tables.map(({ table }) => table)).to.deep.equal(['note']);
  });

  it('is found whatever character sets, collations and types the columns have', async () => {
    const changes = await compared.changes(
      [
        `create table mixed (id bigint unsigned primary key, a varchar(20) character set latin1, b varchar(20) character set koi8r,
         c varchar(20) character set utf8mb4 collate utf8mb4_bin, d float, e double, f bit(9), g enum('x', 'y'), h json, i point,
         j datetime(6), k char(5) character set ucs2)`,
        `insert into mixed values (18446744073709551615, 'é', 'Я', '😀', 0.1, 0.1, b'1', 'x', '{"a": 1}', point(1, 2),
         '2024-01-01 00:00:00.123456', 'é')`,
      ],
      [
        `update mixed set a = 'e', b = 'я', c = '😁', d = 0.10000001, e = 0.1 + 1e-16, f = b'100000000', g = 'y', h = '{"a":1}',
         i = point(2, 1), j = '2024-01-01 00:00:00.123457', k = 'e'`,
      ],
    );
    const [row] = tableOf(changes, 'mixed').rows;
    expect(row?.key).to.deep.equal({ id: '18446744073709551615' });
    expect(Object.keys(row?.columns ?? {})).to.deep.equal([...'abcdefghijk']);
    expect(row?.columns['c']).to.deep.equal({ before: '😀', after: '😁' });
    expect(row?.columns['f']).to.deep.equal({ before: '1', after: '256' });
  });

  it('is found in tables whose keys are enums, dates, decimals, bytes and several columns', async () => {
    const rows = (values: string) => `select ${values} from seq_1_to_5000`;
    const changes = await compared.changes(
      [
        'create table by_date (k datetime primary key, v integer)',
        `insert into by_date ${rows("'2024-01-01' + interval seq minute, seq")}`,
        'create table by_decimal (k decimal(40, 10) primary key, v integer)',
        `insert into by_decimal ${rows('123456789012345678901234567890 + seq / 1000, seq')}`,
        'create table by_bytes (k varbinary(20) primary key, v integer)',
        `insert into by_bytes ${rows('unhex(md5(seq)), seq')}`,
        "create table by_parts (a enum('z', 'y', 'x'), b varchar(20), c integer, v integer, primary key (a, b, c))",
        `insert into by_parts ${rows("1 + seq % 3, concat('k', seq % 7), seq, seq")}`,
      ],
      ['by_date', 'by_decimal', 'by_bytes', 'by_parts'].flatMap((table) => [
        `update ${table} set v = 0 where v in (1, 2500)`,
        `delete from ${table} where v = 4999`,
      ]),
    );
    for (const { updated, inserted, deleted } of changes.tables) {
      expect([inserted, updated, deleted]).to.deep.equal([0, 2, 1]);
    }
    expect(changes.tables).to.have.length(4);
    expect(changes.cut).to.deep.equal([]);
  });
});
