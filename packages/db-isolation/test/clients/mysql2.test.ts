import { once } from 'node:events';
import { mysql2Client } from '@acme/db-isolation/clients/mysql2';
import { expect } from 'chai';
import type mysql2 from 'mysql2';
import type { Pool, RowDataPacket } from 'mysql2/promise';
import { useClientTest } from '../contracts/client-contract.ts';
import { engineOn, mysql2UnderTest } from '../support/clients-under-test.ts';
import { failure, rejection } from '../support/rejections.ts';
import { describeWith } from '../support/servers/available.ts';

describeWith('mysql', 'mysql2Client', (url) => {
  const config = { timezone: 'Z', host: 'nowhere.invalid', database: 'no', connectionLimit: 99 };
  const test = useClientTest(mysql2UnderTest(() => engineOn('mysql', url), { config }));
  const fence = (db: Pool) => test.client.fence(db, () => new Error('fenced off'));

  it('takes settings of the app, but not its database', async () => {
    const db = await test.open();
    const [rows] = await db.query<RowDataPacket[]>(
      "select database() as name, timestamp '2026-02-03 04:05:06' as time",
    );
    expect(rows[0]?.['name']).to.equal(new URL(test.address.url).pathname.slice(1));
    expect(rows[0]?.['time'].toISOString()).to.equal('2026-02-03T04:05:06.000Z');
    await test.client.close(db);
  });

  it('refuses prepared statements and transactions of a connection that was kept', async () => {
    const db = await test.open();
    const connection = await db.getConnection();
    const statement = await connection.prepare('insert into word values (?)');
    fence(db);
    const uses = [
      () => statement.execute(['late']),
      () => connection.execute('insert into word values (?)', ['late']),
      () => connection.beginTransaction(),
      () => connection.ping(),
      () => db.execute('insert into word values (?)', ['late']),
    ];
    for (const use of uses) expect((await rejection(use())).message).to.equal('fenced off');
    expect((await test.client.close(db)).map(({ kind }) => kind)).to.deep.equal(['unreleased-connection']);
    for (const use of uses) expect((await rejection(use())).message).to.equal('fenced off');

    const after = await test.open();
    expect(await test.words(after)).to.deep.equal(['first']);
    await test.client.close(after);
  });

  it('finds a transaction that began with autocommit switched off', async () => {
    const db = await test.open();
    const connection = await db.getConnection();
    await connection.query('set autocommit = 0');
    await connection.query('select text from word');
    connection.release();
    fence(db);
    expect((await test.client.close(db)).map(({ kind }) => kind)).to.deep.equal(['open-transaction']);
  });

  it('finds no change of the server in words that do nothing', async () => {
    const db = await test.open();
    const connection = await db.getConnection();
    const { database } = connection.config;
    await connection.query('create table member (id int, user int)');
    for (const sql of [
      'select "drop user ann" as `create role ann`',
      "-- it's; drop user ann\nselect 1 /* drop user ann */ # drop user ann",
      'alter table member drop user',
      `show create database \`${database}\``,
      'select @@global.max_connections = 5',
      'set @most = coalesce(null, @@global.max_connections),@other = 1',
      'create procedure later() begin select 1; drop user ann; end',
    ]) {
      await connection.query(sql);
    }
    connection.release();
    fence(db);
    expect(await test.client.close(db)).to.deep.equal([]);
  });

  it('finds a change of the server behind a comment and in a list', async () => {
    const db = await test.open();
    const settings = ['/* why */ set global max_error_count = 64', "set @a = 'x', @@global.max_error_count = 64"];
    for (const sql of settings) await db.query(sql);
    fence(db);
    expect((await test.client.close(db)).map(({ kind, sql }) => [kind, sql])).to.deep.equal(
      settings.map((sql) => ['server-setting', sql]),
    );
  });

  it('finds no temporary table that was dropped, also where the app has switched warnings off', async () => {
    const db = await test.open();
    const connection = await db.getConnection();
    for (const sql of ['set sql_notes = 0', 'create temporary table t (id int)', 'drop temporary table t']) {
      await connection.query(sql);
    }
    connection.release();
    fence(db);
    expect(await test.client.close(db)).to.deep.equal([]);
  });

  it('lets the app end its pool after it was closed', async () => {
    const db = await test.open();
    await test.words(db);
    fence(db);
    await test.client.close(db);
    await db.end();
  });

  it('finds a stream of rows that was left open, and shows its statement without values', async () => {
    const db = await test.open();
    const connection = await db.getConnection();
    const sql = 'select a.text, ? from word a join information_schema.columns b';
    const { connection: callbacks } = connection as unknown as { connection: mysql2.Connection };
    const rows = callbacks.query(sql, ['secret']).stream({ highWaterMark: 1 });
    await once(rows, 'readable');
    fence(db);
    const leaks = await test.client.close(db);
    rows.on('error', () => undefined).destroy();
    expect(leaks.map(({ kind }) => kind)).to.deep.equal(['open-cursor']);
    expect(leaks[0]?.sql).to.equal(sql);
    expect(leaks[0]?.place).to.contain('test/clients/mysql2.test.ts');
  });

  it('asks for a reason once for a late statement that would be prepared first', async () => {
    const db = await test.open();
    const connection = await db.getConnection();
    let reasons = 0;
    test.client.fence(db, () => {
      reasons += 1;
      return new Error('fenced off');
    });
    expect((await rejection(connection.execute('select ?', ['late']))).message).to.equal('fenced off');
    await new Promise(setImmediate);
    expect(reasons).to.equal(1);
    await test.client.close(db);
  });

  it('does not mind a pool that the test has ended itself', async () => {
    const db = await test.open();
    await test.words(db);
    await db.end();
    expect(await test.client.close(db)).to.deep.equal([]);
  });

  it('takes one statement at a time, as the app does in production', async () => {
    const db = await test.open();
    expect(await rejection(db.query('select 1; select 2'))).to.include({ code: 'ER_PARSE_ERROR' });
    await test.client.close(db);
  });
});

describe('mysql2Client with another engine', () => {
  it('is refused', async () => {
    const address = { dialect: 'postgres', url: 'postgres://h/x', maxConnections: 1 } as const;
    const error = await failure('DBI_INVALID_OPTION', () => mysql2Client().open(address));
    expect(error.message).to.contain('mysql2Client()').and.to.contain('engines/postgres');
  });
});
