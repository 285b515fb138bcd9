import { createRequire } from 'node:module';
import { expect } from 'chai';
import type { Knex } from 'knex';
import type pg from 'pg';
import { knexClient } from '../../src/clients/knex.ts';
import { useClientTest } from '../contracts/client-contract.ts';
import { engineOn, knexUnderTest } from '../support/clients-under-test.ts';
import { rejection } from '../support/rejections.ts';
import { describeWith } from '../support/servers/available.ts';

/** Settings of an app's own instance: everything that says where its database is would lead nowhere. */
const APP: Knex.Config = {
  connection: {
    host: 'nowhere.invalid',
    port: 1,
    user: 'nobody',
    password: 'no',
    database: 'no',
    timezone: 'Z',
  } as never,
  pool: { min: 2, max: 99 },
};

/** Knex's types leave its dialects out. */
const Dialect: new () => { acquireRawConnection(): Promise<unknown> } = createRequire(import.meta.url)(
  'knex/lib/dialects/postgres/index.js',
);

function signal(): { readonly given: Promise<void>; give(): void } {
  let give = () => {};
  const given = new Promise<void>((resolve) => {
    give = resolve;
  });
  return { given, give };
}

describeWith('postgres', 'knexClient on PostgreSQL', (url) => {
  const test = useClientTest(knexUnderTest('postgres', () => engineOn('postgres', url), { config: APP }));
  const FAMILY = `
    create table parent (id integer primary key);
    create table child (id integer, parent_id integer references parent (id) deferrable initially deferred);`;
  /** Found to be wrong only when the transaction commits. */
  const ORPHAN = { id: 1, parent_id: 99 };

  it('takes settings of the app, but neither its database nor the number of its connections', async () => {
    const db = await test.open();
    const { rows } = await db.raw('select current_database() as name');
    expect(new URL(test.address.url).pathname).to.equal(`/${rows[0].name}`);
    expect(db.client.pool).to.include({ min: 0, max: 3 });
    await test.client.close(db);
  });

  describe('when the test ends while its pool makes a connection', () => {
    const prepare = (connection: pg.Client, done: (error: unknown, connection: unknown) => void) =>
      connection.query('set time zone 0', (error) => done(error, connection));

    it('ends that connection as soon as it is there, whatever the pool is told to do with new ones', async () => {
      const [made, arrived] = [signal(), signal()];
      class SlowDialect extends Dialect {
        override async acquireRawConnection() {
          const connection = await super.acquireRawConnection();
          made.give();
          await arrived.given;
          return connection;
        }
      }
      const config = { client: SlowDialect as unknown as typeof Knex.Client, pool: { afterCreate: prepare } };
      const client = knexClient({ config });
      const db = await client.open(test.address);
      const asking = rejection(db.raw('select 1') as Promise<unknown>);
      await made.given;
      const uses: string[] = [];
      client.fence(db, (use) => {
        uses.push(use);
        return new Error(use);
      });
      await client.close(db);
      arrived.give();
      expect((await asking).message).to.equal('cut off');

      const observer = await test.open();
      const others = `select 1 from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'`;
      while ((await observer.raw(others)).rows.length > 0);
      await test.client.close(observer);
      expect(uses).not.to.include('late');
    });
  });

  it('leaves no transaction open when COMMIT fails', async () => {
    const db = await test.open();
    await test.client.execute(db, FAMILY);
    const error = await rejection(db.transaction(async (trx) => trx('child').insert(ORPHAN)));
    expect(error).to.include({ code: '23503' });
    const transaction = await db.transaction();
    const outcome = rejection(transaction.executionPromise);
    await transaction('child').insert(ORPHAN);
    await transaction.commit().catch(() => undefined);
    expect(await outcome).to.include({ code: '23503' });
    expect(await db('child')).to.deep.equal([]);
    expect(await test.client.close(db)).to.deep.equal([]);
  });

  it('leaves the default of a column to the database', async () => {
    const db = await test.open();
    await db.schema.createTable('setting', (table) => {
      table.increments();
      table.string('name');
      table.string('value').defaultTo('default');
    });
    await db('setting').insert([{ name: 'a' }, { name: 'b', value: 'mine' }]);
    expect(await db('setting').orderBy('id').pluck('value')).to.deep.equal(['default', 'mine']);
    await test.client.close(db);
  });
});

describeWith('mysql', 'knexClient on MariaDB and MySQL', (url) => {
  const test = useClientTest(knexUnderTest('mysql', () => engineOn('mysql', url), { config: APP }));

  it('takes settings of the app, but neither its database nor the number of its connections', async () => {
    const db = await test.open();
    const [[{ name, time }]] = await db.raw("select database() as name, timestamp '2026-02-03 04:05:06' as time");
    expect(new URL(test.address.url).pathname).to.equal(`/${name}`);
    expect(time.toISOString()).to.equal('2026-02-03T04:05:06.000Z');
    expect(db.client.pool).to.include({ min: 0, max: 3 });
    await test.client.close(db);
  });

  it('finds its way about the schema, for which Knex wants to know the name of the database', async () => {
    const db = await test.open();
    expect(await db.schema.hasTable('word')).to.equal(true);
    expect(await db.schema.hasColumn('word', 'text')).to.equal(true);
    expect(await db('word').columnInfo()).to.have.all.keys('text');
    await db.schema.alterTable('word', (table) => {
      table.renameColumn('text', 'word');
    });
    expect(await db('word').pluck('word')).to.deep.equal(['first']);
    await test.client.close(db);
  });

  it('takes one statement at a time, as the app does in production', async () => {
    const db = await test.open();
    expect(await rejection(db.raw('select 1; select 2'))).to.include({ code: 'ER_PARSE_ERROR' });
    await test.client.close(db);
  });
});
