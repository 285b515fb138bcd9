import type { Schema } from '@acme/db-isolation';
import { customSchema } from '@acme/db-isolation/schemas/custom-schema';

/** A schema source that runs this SQL. */
export function sqlSchema(sql: string): Schema<unknown> {
  return customSchema({ fingerprint: sql, apply: (_db, { execute }) => execute(sql) });
}

/** One table, and one row that every test finds in it. */
export const NOTES = sqlSchema(`
  create table note (id integer primary key autoincrement, text text not null);
  insert into note (text) values ('from the template');
`);

/** A bit of everything that a database file can hold. */
export const EVERYTHING_SQL = `
  create table author (id integer primary key autoincrement, name text not null unique, born date);
  create table book (
    id integer primary key autoincrement,
    author_id integer not null references author (id) on delete cascade deferrable initially deferred,
    title text not null,
    price numeric not null check (price >= 0),
    cover blob,
    label text generated always as (title || ' by ' || author_id) stored
  );
  create table word (word text primary key, count integer) without rowid, strict;
  create index book_title on book (title collate nocase) where price > 0;
  create view cheap as select title from book where price < 10;
  create trigger book_words after insert on book begin
    insert into word values (new.title, 1) on conflict (word) do update set count = count + 1;
    update author set name = name where id = new.author_id;
  end;
  insert into author (id, name, born) values (7, 'Ada; Countess', '1815-12-10'), (9, 'Grace', null);
  insert into book (author_id, title, price, cover) values (7, 'Notes', 9.95, x'00ff'), (9, 'Compilers', 19, null);
  delete from book where title = 'Compilers';
  pragma user_version = 42;
  pragma application_id = 1234567;
  analyze;
`;
