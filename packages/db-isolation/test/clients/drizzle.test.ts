import { type Client, createIsolation, type Engine } from '@acme/db-isolation';
import { type DrizzleDatabases, drizzleClient } from '@acme/db-isolation/clients/drizzle';
import { sqlite } from '@acme/db-isolation/engines/sqlite';
import { sqlFiles } from '@acme/db-isolation/schemas/sql-files';
import { expect } from 'chai';
import { is, relations } from 'drizzle-orm';
import { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import { int, mysqlTable, varchar as mysqlVarchar } from 'drizzle-orm/mysql-core';
import { MySql2Database } from 'drizzle-orm/mysql2';
import { NodePgDatabase } from 'drizzle-orm/node-postgres';
import { integer as pgInteger, pgTable, varchar } from 'drizzle-orm/pg-core';
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import { messagesOf } from '../contracts/client-contract.ts';
import { engineOn } from '../support/clients-under-test.ts';
import { failure, rejection } from '../support/rejections.ts';
import { describeWith } from '../support/servers/available.ts';
import { useWorkspace } from '../support/workspace.ts';

const sqliteNote = sqliteTable('note', { id: integer().primaryKey(), noteText: text() });
const pgNote = pgTable('note', { id: pgInteger().primaryKey(), noteText: varchar({ length: 99 }) });
const mysqlNote = mysqlTable('note', { id: int().primaryKey(), noteText: mysqlVarchar({ length: 99 }) });

const NOTES =
  "create table note (id integer primary key, note_text varchar(99)); insert into note values (1, 'first');";
const PLACE = /test\/clients\/drizzle\.test\.ts:\d+:\d+/;
const FIRST = [{ id: 1, noteText: 'first' }];
const casing = 'snake_case';

describe('drizzleClient', () => {
  describe('on SQLite', () => {
    const seen: string[] = [];
    const schema = { note: sqliteNote, ofNotes: relations(sqliteNote, () => ({})) };
    const logger = { logQuery: (query: string) => void seen.push(query) };
    const { acquire } = useDrizzle(
      () => sqlite(),
      () =>
        drizzleClient({
          schema,
          casing,
          logger,
          connection: { timeout: 77 },
          setup: (db) => db.function('one', () => 1),
        }),
    );

    it("opens a template made of SQL files as Drizzle's own database, with its schema and its options", async () => {
      const { db } = await acquire();
      expect(db).to.be.instanceOf(BetterSQLite3Database);
      expect(is(db, BetterSQLite3Database)).to.equal(true);
      expect(db.select().from(sqliteNote).all()).to.deep.equal(FIRST);
      expect(await db.query.note.findMany()).to.deep.equal(FIRST);
      expect(seen).to.include('select "id", "note_text" from "note"');
      expect(db.get('select one() as one')).to.deep.equal({ one: 1 });
      expect(db.$client.pragma('busy_timeout', { simple: true })).to.equal(77);
    });

    it('runs transactions, and refuses what was prepared before the end', async () => {
      const lease = await acquire();
      const { db } = lease;
      db.transaction((transaction) => transaction.insert(sqliteNote).values({ id: 2, noteText: 'second' }).run());
      const prepared = db.select().from(sqliteNote).prepare();
      expect(prepared.all()).to.have.length(2);
      const released = lease.release();
      const uses = [
        () => prepared.all(),
        () => db.insert(sqliteNote).values({ id: 3 }).run(),
        () => db.transaction(() => undefined),
      ];
      for (const use of uses) await failure('DBI_STALE_LEASE', use);
      expect((await released).leaks.map(({ kind }) => kind)).to.deep.equal(['late-use', 'late-use', 'late-use']);
      for (const use of uses) await failure('DBI_STALE_LEASE', use);
    });

    it('lets the app close its connection before or after the end', async () => {
      for (const before of [true, false]) {
        const lease = await acquire();
        const { $client } = lease.db;
        if (before) $client.close();
        expect((await lease.release()).leaks).to.deep.equal([]);
        $client.close();
      }
    });
  });

  describeWith('postgres', 'on PostgreSQL', (url) => {
    const { acquire } = useDrizzle(
      () => engineOn('postgres', url),
      () => drizzleClient({ schema: { note: pgNote }, casing, connection: { application_name: 'the app' } }),
    );

    it("opens a template made of SQL files as Drizzle's own database, with its schema and its options", async () => {
      const { db } = await acquire();
      expect(db).to.be.instanceOf(NodePgDatabase);
      expect(await db.select().from(pgNote)).to.deep.equal(FIRST);
      expect(await db.query.note.findMany()).to.deep.equal(FIRST);
      expect((await db.execute('show application_name')).rows).to.deep.equal([{ application_name: 'the app' }]);
    });

    it('finds a transaction whose function never ends, rolls it back, and refuses what was prepared before', async () => {
      const lease = await acquire();
      const { db } = lease;
      const prepared = db.select().from(pgNote).prepare('notes');
      expect(await prepared.execute()).to.deep.equal(FIRST);
      await leave(db, (transaction) => transaction.insert(pgNote).values({ id: 2, noteText: 'uncommitted' }));
      const released = lease.release();
      expect(messagesOf(await rejection(prepared.execute()))).to.contain('DBI_STALE_LEASE');
      expectTransaction((await released).leaks);
      expect(messagesOf(await rejection(prepared.execute()))).to.contain('DBI_STALE_LEASE');
    });

    it('lets the app end its pool before or after the end', async () => {
      for (const before of [true, false]) {
        const lease = await acquire();
        const { db } = lease;
        await db.select().from(pgNote);
        if (before) await db.$client.end();
        expect((await lease.release()).leaks).to.deep.equal([]);
        if (!before) await db.$client.end();
      }
    });
  });

  describeWith('mysql', 'on MariaDB and MySQL', (url) => {
    const { acquire } = useDrizzle(
      () => engineOn('mysql', url),
      () => drizzleClient({ schema: { note: mysqlNote }, casing, connection: { dateStrings: true } }),
    );

    it("opens a template made of SQL files as Drizzle's own database, with its schema and its options", async () => {
      const { db } = await acquire();
      expect(db).to.be.instanceOf(MySql2Database);
      expect(await db.select().from(mysqlNote)).to.deep.equal(FIRST);
      expect(await db.query.note.findMany().prepare().execute()).to.deep.equal(FIRST);
      const [[row]] = await db.$client.query<never[]>("select date '2026-02-03' as day");
      expect(row).to.deep.equal({ day: '2026-02-03' });
    });

    it('finds a transaction whose function never ends, rolls it back, and refuses what was prepared before', async () => {
      const lease = await acquire();
      const { db } = lease;
      const prepared = db.select().from(mysqlNote).prepare();
      expect(await prepared.execute()).to.deep.equal(FIRST);
      await leave(db, (transaction) => transaction.insert(mysqlNote).values({ id: 2, noteText: 'uncommitted' }));
      const released = lease.release();
      expect(messagesOf(await rejection(prepared.execute()))).to.contain('DBI_STALE_LEASE');
      expectTransaction((await released).leaks);
      expect(messagesOf(await rejection(prepared.execute()))).to.contain('DBI_STALE_LEASE');
    });

    it('lets the app end its pool before or after the end', async () => {
      for (const before of [true, false]) {
        const lease = await acquire();
        const { db } = lease;
        await db.select().from(mysqlNote);
        if (before) await db.$client.end();
        expect((await lease.release()).leaks).to.deep.equal([]);
        await db.$client.end();
      }
    });
  });

  it('refuses a dialect, and tables, of another engine', async () => {
    const address = { dialect: 'sqlite', url: 'sqlite:///x', filename: '/x', onConnect: [] } as const;
    const named = await failure('DBI_INVALID_OPTION', () => drizzleClient({ dialect: 'mysql' }).open(address));
    expect(named.message).to.contain('dialect is "mysql"').and.to.contain('"sqlite"');
    const schema = { note: sqliteNote, other: pgNote };
    const tables = await failure('DBI_INVALID_OPTION', () => drizzleClient({ schema }).open(address));
    expect(tables.message).to.contain('schema.other is "postgres"').and.to.contain('"sqlite"');
  });

  it('has the type that its tables say, or its dialect', () => {
    const bySchema: Client<DrizzleDatabases<{ note: typeof pgNote }>['postgres']> = drizzleClient({
      schema: { note: pgNote },
    });
    const byDialect: Client<DrizzleDatabases<Record<string, never>>['mysql']> = drizzleClient({ dialect: 'mysql' });
    // @ts-expect-error these tables are of another kind
    const wrong: Client<DrizzleDatabases<{ note: typeof pgNote }>['mysql']> = drizzleClient({
      schema: { note: pgNote },
    });
    expect([bySchema, byDialect, wrong].every(({ open }) => typeof open === 'function')).to.equal(true);
  });

  it('has another fingerprint for another schema or other options, and the same for the same', async () => {
    const note = sqliteTable('note', { id: integer().primaryKey(), noteText: text().default('new') });
    const clients = [
      drizzleClient(),
      drizzleClient({ casing }),
      drizzleClient({ schema: { note: sqliteNote } }),
      drizzleClient({ schema: { note } }),
      drizzleClient({ connection: { timeout: 1 } }),
    ];
    const prints = await Promise.all(clients.map((client) => client.fingerprint()));
    expect(new Set(prints).size).to.equal(clients.length);
    expect(await drizzleClient({ schema: { note } }).fingerprint()).to.equal(prints[3]);
  });
});

/** Leases databases with notes through a client. */
function useDrizzle<Db>(engine: () => Engine, client: () => Client<Db>) {
  const workspace = useWorkspace();
  let isolation: ReturnType<typeof createIsolation<Db>>;
  beforeEach(() => {
    const schema = sqlFiles({ files: [`${workspace.write('sql', { 'notes.sql': NOTES })}/notes.sql`] });
    isolation = createIsolation({ engine: engine(), client: client(), schema });
    workspace.atEnd(() => isolation.close());
  });
  return { acquire: () => isolation.acquire() };
}

/** Begins a transaction and resolves as soon as something is done in it; nobody ever ends it. */
async function leave<Transaction>(
  db: { transaction(work: (transaction: Transaction) => Promise<unknown>): Promise<unknown> },
  work: (transaction: Transaction) => PromiseLike<unknown>,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const forever = db.transaction(async (transaction) => {
      await work(transaction);
      resolve();
      await new Promise(() => undefined);
    });
    forever.catch(reject);
  });
}

function expectTransaction(leaks: readonly { kind: string; sql?: string; place?: string }[]): void {
  const transaction = leaks.find(({ kind }) => kind === 'open-transaction');
  expect(transaction?.sql).to.contain('insert into');
  expect(transaction?.place).to.match(PLACE);
  expect(leaks.map(({ kind }) => kind)).to.have.members(['open-transaction', 'late-use']);
}
