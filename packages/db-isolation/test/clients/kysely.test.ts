import { createIsolation, type Engine } from '@acme/db-isolation';
import { type KyselyClientOptions, kyselyClient } from '@acme/db-isolation/clients/kysely';
import { sqlite } from '@acme/db-isolation/engines/sqlite';
import { sqlFiles } from '@acme/db-isolation/schemas/sql-files';
import type Database from 'better-sqlite3';
import { expect } from 'chai';
import { CamelCasePlugin, Kysely, type LogEvent, sql } from 'kysely';
import { engineOn } from '../support/clients-under-test.ts';
import { rejection } from '../support/rejections.ts';
import { sqlSchema } from '../support/schemas.ts';
import { describeWith } from '../support/servers/available.ts';
import { useWorkspace } from '../support/workspace.ts';

interface Tables {
  note: { id: number; noteText: string };
}

const NOTES =
  "create table note (id integer primary key, note_text varchar(99)); insert into note values (1, 'first');";
const PLACE = /test\/clients\/kysely\.test\.ts:\d+:\d+/;
const APP: KyselyClientOptions = {
  plugins: [new CamelCasePlugin()],
  connection: { host: 'nowhere.invalid', database: 'no' },
};

describe('kyselyClient', () => {
  describe('on SQLite', () => {
    contract(() => sqlite());
    const workspace = useWorkspace();
    const acquire = async (options: KyselyClientOptions = {}) => {
      const client = kyselyClient<Tables>({ ...APP, ...options });
      const isolation = createIsolation({ engine: sqlite(), client, schema: sqlSchema(NOTES) });
      workspace.atEnd(() => isolation.close());
      return isolation.acquire();
    };

    it('prepares every connection as the app does, with its settings of the driver', async () => {
      const created: unknown[] = [];
      const { db } = await acquire({
        connection: { timeout: 77 },
        setup: (connection: Database.Database) => connection.function('shout', (text) => `${text}!`),
        onCreateConnection: async (connection) => {
          created.push(connection);
        },
      });
      expect((await sql<{ timeout: number }>`pragma busy_timeout`.execute(db)).rows).to.deep.equal([{ timeout: 77 }]);
      const { rows } = await sql`select shout(note_text) as loud from note`.execute(db);
      expect(rows).to.deep.equal([{ loud: 'first!' }]);
      expect(created).to.have.length(1);
    });

    it('finds rows that are streamed no further, and says where', async () => {
      const lease = await acquire();
      const rows = lease.db.selectFrom('note').selectAll().union(lease.db.selectFrom('note').selectAll()).stream();
      await rows[Symbol.asyncIterator]().next();
      const { leaks } = await lease.release();
      expect(leaks.map(({ kind }) => kind)).to.deep.equal(['open-cursor']);
    });

    it('says where a query waited for its own transaction', async () => {
      const lease = await acquire();
      const { db } = lease;
      let begun = (): void => undefined;
      const inside = new Promise<void>((resolve) => {
        begun = resolve;
      });
      const stuck = db.transaction().execute(async () => {
        begun();
        await db.selectFrom('note').selectAll().execute(); // of db, where the transaction was meant
      });
      const refused = rejection(stuck);
      await inside;
      await new Promise(setImmediate);
      const { leaks } = await lease.release();
      // The late one is Kysely's own attempt to roll back, once the query was refused.
      expect(leaks.map(({ kind }) => kind)).to.deep.equal(['late-use', 'running-query', 'open-transaction']);
      expect(leaks[1]?.message).to.contain('waiting for a connection');
      expect(leaks[1]?.place).to.match(PLACE);
      expect(await refused).to.have.property('code', 'DBI_STALE_LEASE');
    });
  });

  describeWith('postgres', 'on PostgreSQL', (url) => contract(() => engineOn('postgres', url)));
  describeWith('mysql', 'on MariaDB and MySQL', (url) => contract(() => engineOn('mysql', url)));

  it('has another fingerprint for other options', async () => {
    const options: KyselyClientOptions[] = [
      {},
      { plugins: [new CamelCasePlugin()] },
      { plugins: [new CamelCasePlugin({ upperCase: true })] },
      { log: ['error'] },
      { connection: { timeout: 1 } },
      { onCreateConnection: async () => undefined },
    ];
    const prints = await Promise.all(options.map((option) => kyselyClient(option).fingerprint()));
    expect(new Set(prints).size).to.equal(options.length);
  });
});

/** What is Kysely's own, on every engine. */
function contract(engine: () => Engine): void {
  const workspace = useWorkspace();
  const isolationWith = (options: KyselyClientOptions = {}) => {
    const schema = sqlFiles({ files: [`${workspace.write('sql', { 'notes.sql': NOTES })}/notes.sql`] });
    const isolation = createIsolation({
      engine: engine(),
      client: kyselyClient<Tables>({ ...APP, ...options }),
      schema,
    });
    workspace.atEnd(() => isolation.close());
    return isolation;
  };

  it('opens a template made of SQL files with the class, the plugins and the log of the app', async () => {
    const events: LogEvent[] = [];
    await isolationWith({ log: (event) => void events.push(event) }).run('notes', async ({ db }) => {
      expect(db).to.be.instanceOf(Kysely);
      expect(await db.selectFrom('note').selectAll().execute()).to.deep.equal([{ id: 1, noteText: 'first' }]);
    });
    expect(events.map(({ level, query }) => [level, query.sql.replace(/["`]/g, '')])).to.deep.equal([
      ['query', 'select * from note'],
    ]);
  });

  it('finds a transaction whose function never ends, rolls it back, and says where it was begun', async () => {
    const isolation = isolationWith();
    const lease = await isolation.acquire();
    const never = new Promise<never>(() => undefined);
    await new Promise<void>((resolve, reject) => {
      const leave = async () => {
        await lease.db.transaction().execute(async (transaction) => {
          await transaction.insertInto('note').values({ id: 2, noteText: 'uncommitted' }).execute();
          resolve();
          await never;
        });
      };
      leave().catch(reject);
    });
    const { leaks } = await lease.release();
    expect(leaks.map(({ kind }) => kind)).to.deep.equal(['open-transaction']);
    expect(leaks[0]?.sql).to.contain('insert into');
    expect(leaks[0]?.place).to.match(PLACE);
  });

  it('lets the app destroy its instance before or after the end', async () => {
    const isolation = isolationWith();
    for (const before of [true, false]) {
      const lease = await isolation.acquire();
      const { db } = lease;
      await db.selectFrom('note').selectAll().execute();
      if (before) await db.destroy();
      expect((await lease.release()).leaks).to.deep.equal([]);
      await db.destroy();
    }
  });

  it('refuses what was compiled or begun before the end', async () => {
    const lease = await isolationWith().acquire();
    const { db } = lease;
    const compiled = db.selectFrom('note').selectAll().compile();
    const transaction = await db.startTransaction().execute();
    const released = lease.release();
    const uses = [
      () => db.executeQuery(compiled),
      () => transaction.executeQuery(compiled),
      () => db.transaction().execute(async () => 1),
    ];
    for (const use of uses) expect(await rejection(use())).to.have.property('code', 'DBI_STALE_LEASE');
    await released;
    for (const use of uses) expect(await rejection(use())).to.have.property('code', 'DBI_STALE_LEASE');
  });
}
