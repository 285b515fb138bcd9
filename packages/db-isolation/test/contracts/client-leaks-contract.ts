import type { Leak } from '@acme/db-isolation';
import { expect } from 'chai';
import { rejection } from '../support/rejections.ts';
import { type ClientUnderTest, useClientTest } from './client-contract.ts';

/** What a leak has to say: exactly its kind, and texts that its statement and its place contain. */
interface Expected {
  readonly kind: Leak['kind'];
  readonly sql?: string;
  readonly message?: string;
}

/** Where the tests' own code calls the drivers. */
const PLACE = /^(packages\/db-isolation\/)?test\/support\/clients-under-test\.ts:\d+:\d+/;

/** Statements that leave something behind in the connection that they are sent on, and what ends it again. */
const LEFT: Readonly<
  Record<
    ClientUnderTest<never>['dialect'],
    Readonly<Partial<Record<Leak['kind'], { readonly begin: string; readonly end: string; readonly message: string }>>>
  >
> = {
  sqlite: {
    'temporary-table': {
      begin: 'create temporary table scratch (id integer)',
      end: 'drop table scratch',
      message: '"scratch"',
    },
    'attached-database': {
      begin: "attach ':memory:' as other",
      end: 'detach other',
      message: 'attached as "other"',
    },
  },
  postgres: {
    listener: { begin: 'listen word_added', end: 'unlisten *', message: '"word_added"' },
    'advisory-lock': {
      begin: 'select pg_advisory_lock(4711)',
      end: 'select pg_advisory_unlock(4711)',
      message: 'an advisory lock',
    },
    'temporary-table': {
      begin: 'create temporary table scratch (id integer)',
      end: 'drop table scratch',
      message: '"scratch"',
    },
    'open-cursor': {
      begin: 'declare words cursor with hold for select text from word',
      end: 'close words',
      message: '"words"',
    },
  },
  mysql: {
    'advisory-lock': {
      begin: "select get_lock('word', 1)",
      end: "select release_lock('word')",
      message: 'a named lock',
    },
    'temporary-table': {
      begin: 'create temporary table `word` (id integer)', // hides the one of the template
      end: 'drop temporary table word',
      message: '`word`',
    },
  },
};

/** What every client has to find at the end of a test. */
export function clientLeaksContract<Db>(name: string, subject: ClientUnderTest<Db>): void {
  describe(`leaks that a client finds: ${name}`, () => {
    const test = useClientTest(subject);
    const { borrow } = subject;
    const close = async (db: Db) => {
      test.client.fence(db, () => new Error('fenced off'));
      return test.client.close(db);
    };
    const expectLeaks = async (db: Db, ...expected: readonly Expected[]) => {
      const leaks = await close(db);
      expect(leaks.map(({ kind }) => kind)).to.deep.equal(expected.map(({ kind }) => kind));
      for (const [index, { sql, message }] of expected.entries()) {
        if (sql !== undefined) expect(leaks[index]?.sql).to.equal(sql);
        if (message !== undefined) expect(leaks[index]?.message).to.contain(message);
        expect(leaks[index]?.place).to.match(PLACE);
      }
    };
    const insert = "insert into word values ('uncommitted')";

    it('says what was last done in an open transaction, and where it was begun', async () => {
      const db = await test.open();
      await subject.leaveTransactionOpen(db, insert);
      await expectLeaks(db, { kind: 'open-transaction', sql: insert });
    });

    it('says so of one that was begun by hand and given back', async () => {
      const db = await test.open();
      const borrowed = await borrow(db);
      await borrowed.query('begin');
      borrowed.giveBack();
      await expectLeaks(db, { kind: 'open-transaction', sql: 'begin' });
    });

    if (!subject.lendsNothing) {
      it('says where a connection was taken that was not given back, and what was last done with it', async () => {
        const db = await test.open();
        const { query } = await borrow(db);
        await query('select text from word');
        await expectLeaks(db, { kind: 'unreleased-connection', sql: 'select text from word' });
      });

      it('shows only the beginning of a long statement', async () => {
        const db = await test.open();
        const { query } = await borrow(db);
        const long = `select text from word where text in ('${'a'.repeat(10_000)}')`;
        await query(long);
        await expectLeaks(db, { kind: 'unreleased-connection', sql: long.slice(0, 500) });
      });
    }

    for (const [kind, { begin, end, message }] of Object.entries(LEFT[subject.dialect])) {
      const leak = { kind: kind as Leak['kind'], sql: begin, message };

      it(`finds what is left in a connection that went back: ${begin}`, async () => {
        const db = await test.open();
        const borrowed = await borrow(db);
        await borrowed.query(begin);
        await borrowed.query('select 1');
        borrowed.giveBack();
        await expectLeaks(db, leak);
      });

      it(`finds it once in a connection that was kept: ${begin}`, async () => {
        const db = await test.open();
        await (await borrow(db)).query(begin);
        await expectLeaks(db, leak);
      });

      it(`does not mind it when it was ended: ${end}`, async () => {
        const db = await test.open();
        const borrowed = await borrow(db);
        await borrowed.query(begin);
        await borrowed.query(end);
        borrowed.giveBack();
        expect(await close(db)).to.deep.equal([]);
      });
    }

    it('finds nothing after a test that cleans up', async () => {
      const db = await test.open();
      const borrowed = await borrow(db);
      for (const sql of ['begin', insert, 'savepoint one', insert, 'rollback to savepoint one', 'commit']) {
        await borrowed.query(sql);
      }
      borrowed.giveBack();
      expect(await test.words(db)).to.deep.equal(['first', 'uncommitted']);
      await rejection(subject.query(db, 'select nothing from nowhere'));
      expect(await close(db)).to.deep.equal([]);
    });

    it('asks for a reason once for each use that comes too late, and for none otherwise', async () => {
      const db = await test.open();
      const kept = await borrow(db);
      const uses: string[] = [];
      test.client.fence(db, (use) => {
        uses.push(use);
        return new Error('fenced off');
      });
      expect(uses).to.deep.equal([]);
      await rejection(Promise.resolve(kept.query(insert)));
      expect(uses).to.deep.equal(['late']);
      await rejection(test.words(db));
      expect(uses).to.deep.equal(['late', 'late']);
      await test.client.close(db);
      expect(uses).to.deep.equal(['late', 'late']);
      await rejection(Promise.resolve(kept.query(insert)));
      expect(uses).to.deep.equal(['late', 'late', 'late']);
    });
  });
}
