import { createHash } from 'node:crypto';
import type { Address, Client, Clone, Engine, EngineSession } from '@acme/db-isolation';
import { expect } from 'chai';
import { rejection } from '../support/rejections.ts';
import { useWorkspace } from '../support/workspace.ts';

/** One kind of client under test: how to use what it opens. */
export interface ClientUnderTest<Db> {
  readonly dialect: Address['dialect'];
  readonly engine: () => Engine;
  readonly client: () => Client<Db>;
  /** Runs one query with `?` (PostgreSQL: `$1`) in place of values, and answers its rows. */
  readonly query: (db: Db, sql: string, values?: readonly string[]) => Promise<readonly Row[]>;
  /** Begins a transaction, runs `sql` in it and leaves it open; answers a function that uses it once more. */
  readonly leaveTransactionOpen: (db: Db, sql: string) => Promise<() => Promise<unknown>>;
  /** Set where the handle is its only connection itself, which nobody takes or gives back. */
  readonly lendsNothing?: boolean;
  /** Checks a connection out, as the driver itself knows it. */
  readonly borrow: (db: Db) => Promise<Borrowed>;
}

/** A row, by column name. */
export type Row = Readonly<Record<string, unknown>>;

/** A connection that a test has checked out. */
interface Borrowed {
  readonly query: (sql: string) => Promise<unknown>;
  readonly giveBack: () => unknown;
}

/** What a test of the contract works with. */
export interface ClientTest<Db> {
  readonly address: Address;
  readonly client: Client<Db>;
  /** A handle for the database of the test. */
  open(): Promise<Db>;
  /** The words in the database, which are in alphabetical order. */
  words(db: Db): Promise<readonly unknown[]>;
}

const TABLE = {
  sqlite: 'create table word (text varchar(200));',
  postgres: 'create table word (text varchar(200));',
  mysql: 'create table word (text varchar(200) character set utf8mb4 collate utf8mb4_bin);',
};

/** Statements that have others in their bodies: what is written to `word` comes back shouted. */
const SHOUTING = {
  sqlite: `
    create trigger shout after insert on word begin
      delete from word where text = new.text; insert into word select upper(new.text) || ';' where new.text glob '[a-z]*';
    end;`,
  postgres: `
    create function shout() returns trigger language plpgsql as $body$
    begin
      new.text := upper(new.text) || ';'; return new; -- it's $1
    end $body$;
    create trigger shout before insert on word for each row execute function shout();`,
  mysql: `
    create trigger shout before insert on word for each row begin
      set new.text = upper(new.text); set new.text = concat(new.text, ';');
    end;`,
};

/** What an error says, and what has caused it: Drizzle tells the driver's errors as causes of its own. */
export function messagesOf(error: Error): string {
  return error.cause instanceof Error ? `${error.message}\n${messagesOf(error.cause)}` : error.message;
}

/** Gives each test of a describe block a database with a table of words. */
export function useClientTest<Db>(subject: ClientUnderTest<Db>): ClientTest<Db> {
  const workspace = useWorkspace();
  let session: EngineSession;
  let clone: Clone;
  let client: Client<Db>;

  beforeEach(async () => {
    client = subject.client();
    session = await subject.engine().start();
    workspace.atEnd(() => session.close());
    const sql = `${TABLE[subject.dialect]} insert into word values ('first')`;
    // Servers keep templates, and other tests may use the same server.
    const parts = [sql, session.fingerprint, await client.fingerprint()];
    const fingerprint = createHash('sha256').update(parts.join()).digest('hex').slice(0, 32);
    await session.ensureTemplate(fingerprint, async (template) => {
      const db = await client.open(template);
      await client.execute(db, sql);
      await client.close(db);
    });
    clone = (await session.clone(fingerprint)) ?? expect.fail('the template is gone');
    workspace.atEnd(() => clone.drop());
  });

  return {
    get address() {
      return clone.address;
    },
    get client() {
      return client;
    },
    open: () => client.open(clone.address),
    async words(db) {
      return (await subject.query(db, 'select text from word order by text')).map((row) => row['text']);
    },
  };
}

/** What every client has to do, on whatever engine. */
export function clientContract<Db>(name: string, subject: ClientUnderTest<Db>): void {
  describe(`client contract: ${name}`, () => {
    const test = useClientTest(subject);
    const fence = (db: Db) => test.client.fence(db, () => new Error('fenced off'));
    const refusal = async (use: Promise<unknown>) => expect(messagesOf(await rejection(use))).to.contain('fenced off');
    const kept = subject.lendsNothing ? [] : ['unreleased-connection'];
    const kinds = async (db: Db) => (await test.client.close(db)).map(({ kind }) => kind);

    it('opens a database that queries can be made through', async () => {
      const db = await test.open();
      expect(await test.words(db)).to.deep.equal(['first']);
      expect(await test.client.close(db)).to.deep.equal([]);
    });

    it('executes several statements of one text', async () => {
      const db = await test.open();
      await test.client.execute(db, "insert into word values ('a;b'); -- c;\ninsert into word values ('d?');");
      expect(await test.words(db)).to.deep.equal(['a;b', 'd?', 'first']);
      const failed = await rejection(test.client.execute(db, 'insert into nowhere values (1)'));
      expect(failed.message).to.contain('nowhere');
      expect(await test.client.close(db)).to.deep.equal([]);
    });

    it('executes statements that have others in their bodies', async () => {
      const db = await test.open();
      await test.client.execute(db, `${SHOUTING[subject.dialect]} insert into word values ('loud');`);
      expect(await test.words(db)).to.deep.equal(['LOUD;', 'first']);
      await test.client.close(db);
    });

    it('keeps every text as it is', async () => {
      const db = await test.open();
      const texts = ['it\'s "a" `b` \\ ? $1 :c %s', 'é ß 漢字 \u{1f9fe} \u{1f1e9}\u{1f1ea}', ' \t\r\n'];
      if (subject.dialect !== 'postgres') texts.push('before\0after'); // which no text in PostgreSQL can be
      const place = subject.dialect === 'postgres' ? '$1' : '?';
      for (const text of texts) await subject.query(db, `insert into word values (${place})`, [text]);
      expect(await test.words(db)).to.have.members(['first', ...texts]);
      await test.client.close(db);
    });

    it('keeps handles of one database apart from each other', async () => {
      const [one, two] = [await test.open(), await test.open()];
      fence(one);
      await test.client.close(one);
      expect(await test.words(two)).to.deep.equal(['first']);
      await test.client.close(two);
    });

    it('refuses every use of a fenced handle with the reason given, before and after it is closed', async () => {
      const [used, unused] = [await test.open(), await test.open()];
      await test.words(used);
      for (const db of [used, unused]) {
        fence(db);
        await refusal(test.words(db));
        await refusal(test.client.execute(db, "insert into word values ('late')"));
        expect(await test.client.close(db)).to.deep.equal([]);
        await refusal(test.words(db));
      }
    });

    it('is closed also without a fence', async () => {
      const db = await test.open();
      const borrowed = await subject.borrow(db);
      expect(await kinds(db)).to.deep.equal(kept);
      await rejection(borrowed.query("insert into word values ('late')"));
      await rejection(test.words(db));
    });

    it('rolls back a transaction that was left open, says so, and lets nobody go on with it', async () => {
      const db = await test.open();
      const goOn = await subject.leaveTransactionOpen(db, "insert into word values ('uncommitted')");
      fence(db);
      await refusal(goOn());
      expect(await kinds(db)).to.deep.equal(['open-transaction']);
      await refusal(goOn());

      const after = await test.open();
      expect(await test.words(after)).to.deep.equal(['first']);
      await test.client.close(after);
    });

    it('finds a transaction on a connection that was given back', async () => {
      const db = await test.open();
      const borrowed = await subject.borrow(db);
      await borrowed.query('begin');
      await borrowed.query("insert into word values ('uncommitted')");
      borrowed.giveBack();
      fence(db);
      expect(await kinds(db)).to.deep.equal(['open-transaction']);
    });

    it('does not mind a transaction that was ended', async () => {
      const db = await test.open();
      const borrowed = await subject.borrow(db);
      for (const end of ['commit', 'rollback']) {
        await borrowed.query('begin');
        await borrowed.query(`insert into word values ('${end}')`);
        await borrowed.query(end);
      }
      borrowed.giveBack();
      expect(await test.words(db)).to.deep.equal(['commit', 'first']);
      fence(db);
      expect(await kinds(db)).to.deep.equal([]);
    });

    it('takes back a connection that was kept, says so, and lets nobody use it', async () => {
      const db = await test.open();
      const borrowed = await subject.borrow(db);
      fence(db);
      await refusal(borrowed.query("insert into word values ('late')"));
      expect(await kinds(db)).to.deep.equal(kept);
      await refusal(borrowed.query("insert into word values ('late')"));
      borrowed.giveBack();
    });

    if (!subject.lendsNothing) {
      it('refuses a query that waits for a connection as soon as the handle is fenced', async () => {
        const db = await test.open();
        const all = test.address.dialect === 'sqlite' ? 1 : test.address.maxConnections;
        await Promise.all(Array.from({ length: all }, () => subject.borrow(db)));
        const waiting = refusal(test.words(db));
        await new Promise(setImmediate); // until then, Knex has not asked for a connection
        fence(db);
        await waiting;
        expect(await kinds(db)).to.deep.equal(['running-query', ...Array.from({ length: all }, () => kept).flat()]);
      });
    }

    it('has a fingerprint that is the same every time', async () => {
      expect(await subject.client().fingerprint())
        .to.equal(await subject.client().fingerprint())
        .and.not.equal('');
    });
  });
}
