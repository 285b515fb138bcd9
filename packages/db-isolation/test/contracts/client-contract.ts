import type { Address, Client, Clone, Engine, EngineSession } from '@acme/db-isolation';
import { expect } from 'chai';
import { rejection } from '../support/rejections.ts';
import { useWorkspace } from '../support/workspace.ts';

/** One kind of client under test: how to use what it opens. */
export interface ClientUnderTest<Db> {
  readonly engine: () => Engine;
  readonly client: () => Client<Db>;
  /** Runs one query and answers its rows. */
  readonly query: (db: Db, sql: string) => Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** Begins a transaction, runs `sql` in it and leaves it open; answers a function that uses it once more. */
  readonly leaveTransactionOpen: (db: Db, sql: string) => Promise<() => Promise<unknown>>;
  /** Checks a connection out and does not give it back. */
  readonly keepConnection: (db: Db) => Promise<unknown>;
}

/** What every client has to do, on whatever engine. */
export function clientContract<Db>(name: string, subject: ClientUnderTest<Db>): void {
  describe(`client contract: ${name}`, () => {
    const workspace = useWorkspace();
    let session: EngineSession;
    let clone: Clone;
    let address: Address;
    const { query } = subject;

    beforeEach(async () => {
      session = await subject.engine().start();
      workspace.atEnd(() => session.close());
      const client = subject.client();
      await session.ensureTemplate('0'.repeat(32), async (template) => {
        const db = await client.open(template);
        await client.execute(db, "create table word (text varchar(20)); insert into word values ('first')");
        await client.close(db);
      });
      clone = (await session.clone('0'.repeat(32))) ?? expect.fail('the template is gone');
      address = clone.address;
    });

    it('opens a database that queries can be made through', async () => {
      const client = subject.client();
      const db = await client.open(address);
      expect(await query(db, 'select text from word')).to.deep.equal([{ text: 'first' }]);
      expect(await client.close(db)).to.deep.equal([]);
    });

    it('executes several statements of one text', async () => {
      const client = subject.client();
      const db = await client.open(address);
      await client.execute(db, "insert into word values ('a;b'); -- c;\ninsert into word values ('d');");
      expect(await query(db, 'select count(*) as n from word')).to.deep.equal([{ n: 3 }]);
      expect((await rejection(client.execute(db, 'insert into nowhere values (1)'))).message).to.contain('nowhere');
      expect(await client.close(db)).to.deep.equal([]);
    });

    it('keeps handles of one database apart from each other', async () => {
      const client = subject.client();
      const [one, two] = [await client.open(address), await client.open(address)];
      client.fence(one, () => new Error('fenced'));
      await client.close(one);
      expect(await query(two, 'select text from word')).to.deep.equal([{ text: 'first' }]);
      await client.close(two);
    });

    it('refuses every use of a fenced handle with the reason given, before and after it is closed', async () => {
      const client = subject.client();
      const db = await client.open(address);
      await query(db, 'select text from word');
      client.fence(db, () => new Error('fenced off'));
      expect((await rejection(query(db, 'select text from word'))).message).to.contain('fenced off');
      await client.close(db);
      expect((await rejection(query(db, 'select text from word'))).message).to.contain('fenced off');
    });

    it('rolls back a transaction that was left open, says so, and lets nobody go on with it', async () => {
      const client = subject.client();
      const db = await client.open(address);
      const goOn = await subject.leaveTransactionOpen(db, "insert into word values ('uncommitted')");
      client.fence(db, () => new Error('fenced off'));
      const leaks = await client.close(db);
      expect(leaks.map(({ kind }) => kind)).to.deep.equal(['open-transaction']);
      await rejection(goOn());

      const after = await client.open(address);
      expect(await query(after, 'select text from word')).to.deep.equal([{ text: 'first' }]);
      await client.close(after);
    });

    it('takes back a connection that was kept, and says so', async () => {
      const client = subject.client();
      const db = await client.open(address);
      await subject.keepConnection(db);
      client.fence(db, () => new Error('fenced off'));
      const leaks = await client.close(db);
      expect(leaks.map(({ kind }) => kind)).to.deep.equal(['unreleased-connection']);
    });

    it('has a fingerprint that is the same every time', async () => {
      expect(await subject.client().fingerprint())
        .to.equal(await subject.client().fingerprint())
        .and.not.equal('');
    });
  });
}
