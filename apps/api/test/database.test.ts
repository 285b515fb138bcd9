import { readdirSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import type { Knex } from 'knex';
import { createDatabase } from '../src/db/create-database.ts';
import { migrate, migrationSource } from '../src/db/migrate.ts';

/** Tests of how databases are opened make their own: the one that every test gets is open already. */
describe('opening a database', () => {
  let directory: string;
  const opened: Knex[] = [];

  const open = (url: string): Knex => {
    const db = createDatabase({ url });
    opened.push(db);
    return db;
  };

  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'invoice-api-'));
  });

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((db) => db.destroy()));
    await rm(directory, { recursive: true, force: true });
  });

  it('makes the directory and the file, durable, in WAL mode and with foreign keys', async () => {
    const db = open(`sqlite://${directory}/a/b/invoices.sqlite`);

    expect(await db.raw('PRAGMA journal_mode')).to.deep.equal([{ journal_mode: 'wal' }]);
    expect(await db.raw('PRAGMA synchronous')).to.deep.equal([{ synchronous: 2 }]);
    expect(await db.raw('PRAGMA foreign_keys')).to.deep.equal([{ foreign_keys: 1 }]);
    expect(readdirSync(path.join(directory, 'a/b'))).to.include('invoices.sqlite');
  });

  it('makes files that only this user can read', async () => {
    await open(`sqlite://${directory}/x.sqlite`).schema.createTable('t', (table) => table.increments());

    const modes = readdirSync(directory).map((name) => statSync(path.join(directory, name)).mode & 0o777);
    expect(modes)
      .to.have.length.above(1)
      .and.to.deep.equal(modes.map(() => 0o600));
  });

  it('decodes what a URL has to escape', async () => {
    await open(`sqlite://${directory}/my%20invoices%25.sqlite`).raw('SELECT 1');
    expect(readdirSync(directory)).to.include('my invoices%.sqlite');
  });

  it('takes a relative file from the working directory', async () => {
    const file = path.relative(process.cwd(), path.join(directory, 'x.sqlite'));
    await open(`sqlite:${file}`).raw('SELECT 1');

    expect(readdirSync(directory)).to.include('x.sqlite');
  });

  for (const url of ['', 'sqlite:', 'sqlite://', 'sqlite://host/x', 'postgres://user:secret@host/x', 'x.sqlite']) {
    it(`refuses ${JSON.stringify(url)} without repeating a password`, () => {
      expect(() => createDatabase({ url })).to.throw(/sqlite:\/\/\/absolute\/file or sqlite:relative\/file/);
      expect(() => createDatabase({ url })).not.to.throw(/secret/);
    });
  }

  it('migrates an empty database, and one that is up to date not again', async () => {
    await migrate(open(`sqlite://${directory}/x.sqlite`));
    const db = open(`sqlite://${directory}/x.sqlite`);
    await migrate(db);

    const names = await db('knex_migrations').orderBy('id').pluck('name');
    expect(names).to.deep.equal(['001-create-invoices', '002-create-line-items', '003-create-review-history']);
  });

  it('undoes its migrations to an empty database', async () => {
    const db = open(`sqlite://${directory}/x.sqlite`);
    await migrate(db);
    await db.migrate.rollback({ migrationSource }, true);

    const tables = await db('sqlite_master').where('name', 'not like', 'sqlite%').pluck('name');
    expect(tables.sort()).to.deep.equal(['knex_migrations', 'knex_migrations_lock']);
  });

  it('rolls back what a failed COMMIT left open, so that nobody reads it', async () => {
    const db = open(`sqlite://${directory}/x.sqlite`);
    await db.raw('CREATE TABLE parent (id INTEGER PRIMARY KEY)');
    await db.raw('CREATE TABLE child (parent INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)');

    const failure = await db
      .transaction(async (trx) => trx('child').insert({ parent: 7 }))
      .then(
        () => undefined,
        (error: Error) => error,
      );
    expect(failure?.message).to.match(/FOREIGN KEY/);
    expect(await db('child')).to.deep.equal([]);
    await db.transaction(async (trx) => trx('parent').insert({ id: 1 }));
    expect(await db('parent')).to.deep.equal([{ id: 1 }]);
  });

  it('locks out other writers when a transaction begins, so that what it reads cannot change before it writes', async () => {
    const [one, two] = [open(`sqlite://${directory}/x.sqlite`), open(`sqlite://${directory}/x.sqlite`)];
    await one.raw('CREATE TABLE counter (n INTEGER)');
    await two.raw('PRAGMA busy_timeout = 0');

    const refusal = await one.transaction(() =>
      two('counter')
        .insert({ n: 1 })
        .then(
          () => undefined,
          (error: Error) => error,
        ),
    );
    expect(refusal?.message).to.match(/database is locked/);
    await two('counter').insert({ n: 2 });
    expect(await one('counter')).to.deep.equal([{ n: 2 }]);
  });
});
