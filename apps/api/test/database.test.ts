import { readdirSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import type { Knex } from 'knex';
import { createDatabase } from '../src/db/create-database.ts';
import { onlyOn } from './support/engine.ts';
import { ownDatabases } from './support/own-databases.ts';

describe('opening a database', () => {
  for (const url of ['', 'sqlite:', 'sqlite://', 'sqlite://host/x', 'x.sqlite', 'oracle://user:secret@host/x']) {
    it(`refuses ${JSON.stringify(url)} without repeating a password`, () => {
      expect(() => createDatabase({ url })).to.throw(/sqlite:relative\/file, postgres:\/\//);
      expect(() => createDatabase({ url })).not.to.throw(/secret/);
    });
  }

  onlyOn('sqlite', fileTests);
  onlyOn('postgres', () => {
    const ownDatabase = ownDatabases();

    it('settles time zone, isolation and limits, whatever the defaults of the server are', async () => {
      const database = await ownDatabase();
      const name = new URL(database.url).pathname.slice(1);
      const before = database.open();
      await before.raw("ALTER DATABASE ?? SET TimeZone = 'Asia/Tokyo'", [name]);
      await before.raw("ALTER DATABASE ?? SET default_transaction_isolation = 'serializable'", [name]);
      await before.raw('ALTER DATABASE ?? SET lock_timeout = 0', [name]);

      const names = ['TimeZone', 'transaction_isolation', 'lock_timeout', 'statement_timeout', 'application_name'];
      const values = names.map((setting) => `current_setting('${setting}')`).join(', ');
      const { rows } = await database.open().raw(`SELECT ARRAY[${values}] AS settings`);
      expect(rows[0].settings).to.deep.equal(['UTC', 'read committed', '3s', '30s', 'invoice-api']);
    });
  });

  onlyOn('mysql', () => {
    const ownDatabase = ownDatabases();

    it('settles time zone, isolation, strictness and limits, whatever the defaults of the server are', async () => {
      const [rows] = await (await ownDatabase()).open().raw('SHOW SESSION VARIABLES');
      const settings = new Map<string, string>(
        rows.map((row: { Variable_name: string; Value: string }) => [row.Variable_name, row.Value]),
      );
      expect(settings.get('time_zone')).to.equal('+00:00');
      expect(settings.get('sql_mode')?.split(',').sort()).to.deep.equal([
        ...['NO_ENGINE_SUBSTITUTION', 'ONLY_FULL_GROUP_BY', 'STRICT_ALL_TABLES'],
      ]);
      expect(settings.get('transaction_isolation') ?? settings.get('tx_isolation')).to.equal('READ-COMMITTED');
      expect(settings.get('innodb_lock_wait_timeout')).to.equal('3');
      expect(settings.get('character_set_client')).to.equal('utf8mb4');
    });

    it('makes what does not fit an error and never cuts it', async () => {
      const db = (await ownDatabase()).open();
      await db.schema.createTable('t', (table) => table.string('text', 3));

      const failure = await db('t')
        .insert({ text: 'four' })
        .catch((error) => error);
      expect(failure).to.have.property('code', 'ER_DATA_TOO_LONG');
      expect(await db('t')).to.deep.equal([]);
    });
  });
});

/** What is about the file, and about SQLite's one writer. */
function fileTests(): void {
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
}
