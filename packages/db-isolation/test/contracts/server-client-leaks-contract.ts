import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { rejection } from '../support/rejections.ts';
import { withSql } from '../support/sql.ts';
import { type ClientUnderTest, messagesOf, useClientTest } from './client-contract.ts';

const SQL = {
  postgres: {
    sleep: 'select pg_sleep(60)',
    port: 'select inet_client_port() as port',
    setting: (name: string) => `create role ${name}`,
    undo: (name: string) => `drop role ${name}`,
    program: 'another program',
  },
  mysql: {
    sleep: 'select sleep(60)',
    port: "select substring_index(host, ':', -1) as port from information_schema.processlist where id = connection_id()",
    setting: (name: string) => `create user ${name}`,
    undo: (name: string) => `drop user ${name}`,
    program: 'root',
  },
};

const PROGRAM = fileURLToPath(new URL('../clients/another-program.ts', import.meta.url));

/** What every client for a server has to find beyond what all clients find. */
export function serverClientLeaksContract<Db>(
  name: string,
  subject: ClientUnderTest<Db> & { readonly dialect: 'postgres' | 'mysql' },
  server: string,
): void {
  const sql = SQL[subject.dialect];

  describe(`leaks that a client finds on a server: ${name}`, () => {
    const test = useClientTest(subject);
    const { query, borrow } = subject;
    const close = async (db: Db, ownPorts?: ReadonlySet<number>) => {
      test.client.fence(db, () => new Error('fenced off'));
      return test.client.close(db, ownPorts);
    };
    const portOf = async (db: Db) => Number((await query(db, sql.port))[0]?.['port']);

    it('says which statement still runs', async () => {
      const db = await test.open();
      const { query: send } = await borrow(db);
      const asleep = rejection(Promise.resolve(send(sql.sleep)));
      const leaks = await close(db);
      await asleep;
      expect(leaks).to.have.length(1);
      expect(leaks[0]).to.include({ kind: 'running-query', sql: sql.sleep });
      expect(leaks[0]?.place).to.contain('clients-under-test.ts');
    });

    it('says that a statement waited for a connection', async () => {
      const db = await test.open();
      const most = test.address.dialect === 'sqlite' ? 1 : test.address.maxConnections;
      const borrowed = await Promise.all(Array.from({ length: most }, () => borrow(db)));
      const waiting = rejection(test.words(db));
      await turn();
      for (const { giveBack } of borrowed.slice(1)) giveBack();
      borrowed[0]?.giveBack();
      await waiting.catch(() => undefined);
      const again = await Promise.all(Array.from({ length: most }, () => borrow(db)));
      const late = rejection(test.words(db));
      await turn();
      const kinds = (await close(db)).map(({ kind }) => kind);
      expect(messagesOf(await late)).to.contain('fenced off');
      expect(kinds).to.deep.equal(['running-query', ...again.map(() => 'unreleased-connection')]);
    });

    it('finds a statement that changed what all databases share, but none that failed', async () => {
      const db = await test.open();
      const role = `dbi_leaks_${process.pid}`;
      try {
        await query(db, sql.setting(role));
        await rejection(query(db, sql.setting(role)));
        await query(db, "select 'set global is only a word here, like grant'");
        const leaks = await close(db);
        expect(leaks.map(({ kind }) => kind)).to.deep.equal(['server-setting']);
        expect(leaks[0]?.sql).to.equal(sql.setting(role));
        expect(leaks[0]?.place).to.contain('clients-under-test.ts');
      } finally {
        await withSql(server, (admin) => admin.rows(sql.undo(role)));
      }
    });

    it('finds a connection of another process, and none of its own', async () => {
      const db = await test.open();
      const ownPorts = new Set([await portOf(db)]);
      const program = fork(PROGRAM, [test.address.url]);
      try {
        await once(program, 'message');
        const leaks = await close(db, ownPorts);
        expect(leaks.map(({ kind }) => kind)).to.deep.equal(['open-connection']);
        expect(leaks[0]?.message).to.contain(sql.program);
      } finally {
        program.kill();
      }
    });

    it('takes its own connections for no other process where the server sees them come from other ports', async () => {
      const db = await test.open();
      const borrowed = [await borrow(db), await borrow(db)];
      for (const { giveBack } of borrowed) giveBack();
      const program = fork(PROGRAM, [test.address.url]);
      try {
        await once(program, 'message');
        expect(await close(db, new Set([1]))).to.deep.equal([]);
      } finally {
        program.kill();
      }
    });

    it('finds no other process when there is none, and does not look when it cannot know', async () => {
      const [one, two] = [await test.open(), await test.open()];
      const ownPorts = new Set([await portOf(one), await portOf(two)]);
      expect(await close(one, ownPorts)).to.deep.equal([]);
      expect(await close(two)).to.deep.equal([]);
    });
  });
}

/** Lets happen what can happen without waiting. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
