import { createIsolation } from '@acme/db-isolation';
import { type BetterSqlite3ClientOptions, betterSqlite3Client } from '@acme/db-isolation/clients/better-sqlite3';
import { sqlite } from '@acme/db-isolation/engines/sqlite';
import { sqlFiles } from '@acme/db-isolation/schemas/sql-files';
import Database from 'better-sqlite3';
import { expect } from 'chai';
import { failure, rejection } from '../support/rejections.ts';
import { NOTES } from '../support/schemas.ts';
import { fileOf, useWorkspace } from '../support/workspace.ts';

describe('betterSqlite3Client', () => {
  const workspace = useWorkspace();
  const isolationWith = (options?: BetterSqlite3ClientOptions, schema = NOTES) => {
    const isolation = createIsolation({ engine: sqlite(), client: betterSqlite3Client(options), schema });
    workspace.atEnd(() => isolation.close());
    return isolation;
  };
  const leaksOf = async (test: (db: Database.Database) => unknown, options?: BetterSqlite3ClientOptions) => {
    const lease = await isolationWith(options).acquire();
    await test(lease.db);
    return (await lease.release()).leaks;
  };

  it("opens the app's own class, with the engine's pragmas", async () => {
    await isolationWith().run('a test', async ({ db, url }) => {
      expect(db).to.be.instanceOf(Database);
      expect(db.name).to.equal(fileOf({ url }));
      expect(db.pragma('foreign_keys', { simple: true })).to.equal(1);
      expect(db.prepare('select text from note').pluck().all()).to.deep.equal(['from the template']);
    });
  });

  it('takes the options of the constructor', async () => {
    const seen: unknown[] = [];
    await isolationWith({ timeout: 77, verbose: (sql) => seen.push(sql) }).run('options', async ({ db }) => {
      expect(db.pragma('busy_timeout', { simple: true })).to.equal(77);
      db.exec("select 'said aloud'");
    });
    expect(seen).to.include("select 'said aloud'");
  });

  it('builds the template from SQL files of several statements', async () => {
    const files = workspace.write('sql', {
      '1.sql': "create table word (text); insert into word values ('a;b'); insert into word values ('c');",
      '2.sql': 'create trigger t after insert on word begin delete from word where text = new.text; select 1; end;',
    });
    const schema = sqlFiles({ files: [`${files}/1.sql`, `${files}/2.sql`] });
    await isolationWith({}, schema).run('words', async ({ db }) => {
      db.exec("insert into word values ('gone')");
      expect(db.prepare('select text from word').pluck().all()).to.deep.equal(['a;b', 'c']);
    });
  });

  it('prepares every connection as the app does, and takes nothing of it for a leak', async () => {
    const setup = (db: Database.Database) => {
      db.function('shout', (text) => String(text).toUpperCase());
      db.exec("attach ':memory:' as app; create temp table cache (id integer)");
    };
    const ofSetup = await leaksOf(
      (db) => {
        expect(db.prepare('select shout(text) from note').pluck().get()).to.equal('FROM THE TEMPLATE');
        db.exec('create temp table scratch (id integer); drop table scratch'); // only then is it looked for what is left
      },
      { setup },
    );
    expect(ofSetup).to.deep.equal([]);
    const ofTest = await leaksOf((db) => db.exec("create temp table mine (id integer); attach ':memory:' as other"), {
      setup,
    });
    expect(ofTest.map(({ kind }) => kind)).to.deep.equal(['temporary-table', 'attached-database']);
    expect(ofTest[0]?.message).to.contain('"mine"').and.not.contain('cache');
  });

  it('closes what it has opened when the preparation fails', async () => {
    let opened: Database.Database | undefined;
    const isolation = isolationWith({
      setup(db) {
        opened = db;
        throw new Error('no such extension');
      },
    });
    expect((await rejection(isolation.acquire())).message).to.contain('no such extension');
    expect(opened?.open).to.equal(false);
  });

  it('finds iterators that were left open, and says where', async () => {
    const leaks = await leaksOf(function leave(db) {
      db.prepare('select id from note union all select id from note').iterate().next();
    });
    expect(leaks.map(({ kind }) => kind)).to.deep.equal(['open-cursor']);
    expect(leaks[0]?.place).to.match(/test\/clients\/better-sqlite3\.test\.ts:\d+:\d+ \(leave\)$/);
  });

  it('says of an open transaction what was last run in it, also by a statement that was prepared long before', async () => {
    const leaks = await leaksOf((db) => {
      const insert = db.prepare("insert into note (text) values ('uncommitted')");
      const begin = db.prepare('begin immediate');
      db.prepare('select 1').get();
      (function leave() {
        begin.run();
        insert.run();
      })();
    });
    expect(leaks.map(({ kind, sql }) => ({ kind, sql }))).to.deep.equal([
      { kind: 'open-transaction', sql: "insert into note (text) values ('uncommitted')" },
    ]);
    expect(leaks[0]?.place).to.match(/\(leave\)$/);
  });

  it('has transactions as the driver has them', async () => {
    await isolationWith().run('transactions', async ({ db }) => {
      const add = db.transaction((...texts: string[]) => {
        for (const text of texts) db.prepare('insert into note (text) values (?)').run(text);
        if (texts.includes('bad')) throw new Error('bad');
        return texts.length;
      });
      expect(add.immediate('a', 'b')).to.equal(2);
      expect(() => add.exclusive('c', 'bad')).to.throw('bad');
      expect(db.transaction(() => add('d'))()).to.equal(1);
      expect(db.prepare('select text from note where id > 1').pluck().all()).to.deep.equal(['a', 'b', 'd']);
      for (const way of [add, add.deferred, add.immediate]) {
        expect(way).to.include({ database: db, exclusive: add.exclusive }); // which their types leave out
      }
    });
  });

  it('refuses everything after the end, also what was made before', async () => {
    const lease = await isolationWith().acquire();
    const { db } = lease;
    const insert = db.prepare("insert into note (text) values ('late')");
    const select = db.prepare('select text from note').pluck();
    const transaction = db.transaction(() => undefined);
    const released = lease.release();
    const uses: (() => unknown)[] = [
      () => insert.run(),
      () => select.get(),
      () => select.all(),
      () => select.iterate(),
      () => transaction(),
      () => transaction.immediate(),
      () => db.transaction(() => undefined)(),
      () => db.exec('delete from note'),
      () => db.prepare('select 1'),
      () => db.pragma('user_version = 7'),
      () => db.backup('elsewhere.sqlite'),
      () => db.serialize(),
      () => db.function('f', () => 1),
      () => db.aggregate('g', { start: 0, step: (sum: number) => sum }),
      () => db.table('t', { columns: ['a'], rows: function* () {} }),
      () => db.loadExtension('nowhere'),
    ];
    for (const use of uses) await failure('DBI_STALE_LEASE', use);
    await released;
    for (const use of uses) await failure('DBI_STALE_LEASE', use);
  });

  it('does not mind a connection that the app closes itself, before or after the end', async () => {
    expect(await leaksOf((db) => db.close())).to.deep.equal([]);
    const lease = await isolationWith().acquire();
    const { db } = lease;
    expect((await lease.release()).leaks).to.deep.equal([]);
    expect(db.close().open).to.equal(false);
  });

  it('has another fingerprint for other options', async () => {
    const options: BetterSqlite3ClientOptions[] = [{}, { timeout: 1 }, { setup: (db) => db.pragma('user_version') }];
    const prints = await Promise.all(options.map((option) => betterSqlite3Client(option).fingerprint()));
    expect(new Set(prints).size).to.equal(options.length);
  });

  it('is refused with another engine', async () => {
    const address = { dialect: 'mysql', url: 'mysql://h/x', maxConnections: 1 } as const;
    const error = await failure('DBI_INVALID_OPTION', () => betterSqlite3Client().open(address));
    expect(error.message).to.contain('betterSqlite3Client()').and.to.contain('engines/mysql');
  });
});
