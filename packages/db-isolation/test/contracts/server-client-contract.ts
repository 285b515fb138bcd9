import { expect } from 'chai';
import { rejection } from '../support/rejections.ts';
import { type ClientUnderTest, useClientTest } from './client-contract.ts';

interface ServerSql {
  readonly sleep: string;
  /** The connection's own number. */
  readonly id: string;
  /** The numbers of all other connections to this database. */
  readonly others: string;
  /** Those of them that run {@link ServerSql.sleep}. */
  readonly asleep: string;
  readonly kill: (id: unknown) => string;
}

const SQL: Readonly<Record<'postgres' | 'mysql', ServerSql>> = {
  postgres: {
    sleep: 'select pg_sleep(60)',
    id: 'select pg_backend_pid() as id',
    others: `select pid as id from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'`,
    asleep: `select pid as id from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid() and wait_event = 'PgSleep'`,
    kill: (id) => `select pg_terminate_backend(${id})`,
  },
  mysql: {
    sleep: 'select sleep(60)',
    id: 'select connection_id() as id',
    others: 'select id from information_schema.processlist where db = database() and id <> connection_id()',
    asleep: `select id from information_schema.processlist
      where db = database() and id <> connection_id() and state = 'User sleep'`,
    kill: (id) => `kill ${id}`,
  },
};

/** What every client for a server has to do beyond the contract for all clients. */
export function serverClientContract<Db>(
  name: string,
  subject: ClientUnderTest<Db> & { readonly dialect: 'postgres' | 'mysql' },
): void {
  const sql = SQL[subject.dialect];

  describe(`client contract on a server: ${name}`, () => {
    const test = useClientTest(subject);
    const { query, borrow } = subject;
    const idOf = async (rows: Promise<readonly unknown[]>) => (await rows).map((row) => (row as { id: unknown }).id);
    const most = () => (test.address.dialect === 'sqlite' ? expect.fail() : test.address.maxConnections);

    /** Waits until the server has no other connections to this database. */
    const alone = async () => {
      const db = await test.open();
      while ((await query(db, sql.others)).length > 0);
      await test.client.close(db);
    };

    it('makes as many connections at the same time as it may, and not one more', async () => {
      const db = await test.open();
      const borrowed = await Promise.all(Array.from({ length: most() }, () => borrow(db)));
      const waiting = idOf(query(db, sql.id));
      const observer = await test.open();
      const ids = await idOf(query(observer, sql.others));
      expect(ids).to.have.length(most());
      borrowed[0]?.giveBack();
      expect(ids).to.include.members(await waiting);
      for (const { giveBack } of borrowed.slice(1)) giveBack();
      expect(await test.client.close(db)).to.deep.equal([]);
      await test.client.close(observer);
    });

    it('ends all its connections, also on the server', async () => {
      const db = await test.open();
      const borrowed = await Promise.all([borrow(db), borrow(db)]);
      borrowed[0].giveBack();
      await test.client.close(db);
      await alone();
    });

    it('cuts off a query that runs, says so, and does not wait for it', async () => {
      const db = await test.open();
      const borrowed = await borrow(db);
      const asleep = rejection(borrowed.query(sql.sleep) as Promise<unknown>);
      test.client.fence(db, () => new Error('fenced off'));
      const leaks = await test.client.close(db);
      expect(leaks.map(({ kind }) => kind)).to.deep.equal(['running-query']);
      expect(leaks[0]?.message).to.contain('left a query running');
      expect((await asleep).message).to.contain('fenced off');
      await alone(); // the server has stopped it as well
    });

    it('cuts off a text that it executes', async () => {
      const db = await test.open();
      const observer = await test.open();
      const executing = rejection(test.client.execute(db, `${sql.sleep}; insert into word values ('late')`));
      while ((await query(observer, sql.asleep)).length === 0);
      test.client.fence(db, () => new Error('fenced off'));
      expect((await test.client.close(db)).map(({ kind }) => kind)).to.deep.equal(['running-query']);
      expect((await executing).message).to.contain('fenced off');
      await test.client.close(observer);
      await alone();
    });

    it('survives that the server ends its connections', async () => {
      const db = await test.open();
      const [kept, idle] = await Promise.all([borrow(db), borrow(db)]);
      idle.giveBack();
      const killer = await test.open();
      for (const id of await idOf(query(killer, sql.others))) await query(killer, sql.kill(id));
      await test.client.close(killer);
      await alone();
      await rejection(kept.query('select 1') as Promise<unknown>);
      test.client.fence(db, () => new Error('fenced off'));
      await test.client.close(db);
    });
  });
}
