import type { Knex } from 'knex';
import { type EngineName, rowsOf } from './connect.ts';

/** What every database of the planted leaks holds at first, as statements. */
const STATEMENTS: Readonly<Record<EngineName, readonly string[]>> = {
  sqlite: [
    'create table author (id integer primary key autoincrement, name text not null)',
    `create table note (
       id integer primary key autoincrement,
       text text not null,
       author_id integer references author (id) deferrable initially deferred
     )`,
  ],
  postgres: [
    'create table author (id serial primary key, name text not null)',
    `create table note (
       id serial primary key,
       text text not null,
       author_id integer references author (id) deferrable initially deferred
     )`,
  ],
  mysql: [
    'create table author (id integer primary key auto_increment, name text not null)',
    `create table note (
       id integer primary key auto_increment,
       text text not null,
       author_id integer references author (id)
     )`,
  ],
};

const EMPTY: Readonly<Record<EngineName, readonly string[]>> = {
  sqlite: ['delete from note', 'delete from author', 'delete from sqlite_sequence'],
  postgres: ['truncate note, author restart identity'],
  mysql: [
    'delete from note',
    'delete from author',
    'alter table note auto_increment = 1',
    'alter table author auto_increment = 1',
  ],
};

const ROWS = ["insert into author (name) values ('Ann')", "insert into note (text, author_id) values ('template', 1)"];

/** Makes the tables and their rows. */
export async function fill(db: Knex, engine: EngineName): Promise<void> {
  for (const sql of [...STATEMENTS[engine], ...ROWS]) await db.raw(sql);
}

/** Empties the tables, counters included, and puts their first rows back: the well-known way to clean up. */
export async function empty(db: Knex, engine: EngineName): Promise<void> {
  for (const sql of [...EMPTY[engine], ...ROWS]) await db.raw(sql);
}

/** What a test can look at in its database, with what there is in the template. */
const STATE: Readonly<Record<EngineName, Readonly<Record<string, readonly [sql: string, expected: string]>>>> = {
  sqlite: {
    notes: ['select * from note order by id', '[{"id":1,"text":"template","author_id":1}]'],
    authors: ['select * from author order by id', '[{"id":1,"name":"Ann"}]'],
    counters: ['select * from sqlite_sequence order by name', '[{"name":"author","seq":1},{"name":"note","seq":1}]'],
    objects: [
      "select name from sqlite_master where name not like 'sqlite_%' order by name",
      '[{"name":"author"},{"name":"note"}]',
    ],
    'temporary tables': ['select name from sqlite_temp_master', '[]'],
    'attached databases': ["select name from pragma_database_list where name not in ('main', 'temp')", '[]'],
    user_version: ['select user_version from pragma_user_version', '[{"user_version":0}]'],
    foreign_keys: ['select foreign_keys from pragma_foreign_keys', '[{"foreign_keys":1}]'],
  },
  postgres: {
    notes: ['select * from note order by id', '[{"id":1,"text":"template","author_id":1}]'],
    authors: ['select * from author order by id', '[{"id":1,"name":"Ann"}]'],
    counters: ['select last_value::int, is_called from note_id_seq', '[{"last_value":1,"is_called":true}]'],
    tables: [
      "select tablename as name from pg_tables where schemaname = 'public' order by 1",
      '[{"name":"author"},{"name":"note"}]',
    ],
    triggers: ['select tgname as name from pg_trigger where not tgisinternal', '[]'],
    'temporary tables': ["select relname as name from pg_class where relpersistence = 't' and relkind = 'r'", '[]'],
    'prepared statements': ['select name from pg_prepared_statements where from_sql', '[]'],
    'held cursors': ["select name from pg_cursors where name <> ''", '[]'],
    channels: ['select pg_listening_channels() as name', '[]'],
    'advisory locks': [
      "select objid from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())",
      '[]',
    ],
    settings: [
      "select current_setting('search_path') as path, current_setting('statement_timeout') as timeout",
      '[{"path":"\\"$user\\", public","timeout":"0"}]',
    ],
  },
  mysql: {
    notes: ['select * from note order by id', '[{"id":1,"text":"template","author_id":1}]'],
    authors: ['select * from author order by id', '[{"id":1,"name":"Ann"}]'],
    counters: [
      "select auto_increment as next from information_schema.tables where table_schema = database() and table_name = 'note'",
      '[{"next":2}]',
    ],
    tables: [
      "select table_name as name from information_schema.tables where table_schema = database() and table_type = 'BASE TABLE' order by 1",
      '[{"name":"author"},{"name":"note"}]',
    ],
    triggers: ['select trigger_name as name from information_schema.triggers where trigger_schema = database()', '[]'],
    settings: [
      "select find_in_set('STRICT_TRANS_TABLES', @@sql_mode) > 0 as strict, @@foreign_key_checks as checks",
      '[{"strict":1,"checks":1}]',
    ],
  },
};

/** What differs from the template, such as `notes` or `settings`, each with details; none when nothing does. */
export async function differences(db: Knex, engine: EngineName): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const [name, [sql, expected]] of Object.entries(STATE[engine])) {
    const actual = JSON.stringify(await rowsOf(db, sql));
    if (actual !== expected) found.set(name, `${actual} instead of ${expected}`);
  }
  return found;
}
