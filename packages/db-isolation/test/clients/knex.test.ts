import { createRequire } from 'node:module';
import { knexClient } from '@acme/db-isolation/clients/knex';
import { sqlite } from '@acme/db-isolation/engines/sqlite';
import { customSchema } from '@acme/db-isolation/schemas/custom-schema';
import Database from 'better-sqlite3';
import { expect } from 'chai';
import type { Knex } from 'knex';
import { failure, rejection } from '../support/rejections.ts';
import { sqlSchema } from '../support/schemas.ts';
import { fileOf, useWorkspace } from '../support/workspace.ts';

const FAMILY = sqlSchema(`
  create table parent (id integer primary key);
  create table child (id integer primary key, parent_id integer references parent (id) deferrable initially deferred);
`);
/** Knex prints what it also throws. */
const SILENT = { warn: () => undefined };
/** Found to be wrong only when the transaction commits. */
const ORPHAN = { id: 1, parent_id: 99 };

describe('knexClient', () => {
  const workspace = useWorkspace();

  const rowsInFile = (url: string) => {
    const db = new Database(fileOf({ url }), { readonly: true });
    const count = db.prepare('select count(*) from child').pluck().get();
    db.close();
    return count;
  };

  it('rejects a transaction whose COMMIT fails, and gives nobody its connection as it is', async () => {
    await workspace.isolation({ schema: FAMILY }).run('handler form', async ({ db, url }) => {
      const error = await rejection(db.transaction(async (trx) => trx('child').insert(ORPHAN)));
      expect(error).to.include({ code: 'SQLITE_CONSTRAINT_FOREIGNKEY' });
      expect(await db('child')).to.deep.equal([]);
      await db.transaction(async (trx) => trx('parent').insert({ id: 99 }));
      await db('child').insert(ORPHAN);
      expect(rowsInFile(url)).to.equal(1);
    });
  });

  it('does the same when commit() hides that COMMIT failed', async () => {
    await workspace.isolation({ schema: FAMILY }).run('commit()', async ({ db }) => {
      const transaction = await db.transaction();
      const outcome = rejection(transaction.executionPromise);
      await transaction('child').insert(ORPHAN);
      await transaction.commit().catch(() => undefined);
      expect(await outcome).to.include({ code: 'SQLITE_CONSTRAINT_FOREIGNKEY' });
      expect(await db('child')).to.deep.equal([]);
      await db.transaction(async (trx) => trx('parent').insert({ id: 1 }));
      expect(await db('parent').pluck('id')).to.deep.equal([1]);
    });
  });

  it('leaves a transaction alone that goes on after a failed statement', async () => {
    await workspace.isolation({ schema: FAMILY }).run('goes on', async ({ db }) => {
      await db.transaction(async (trx) => {
        await trx('parent').insert({ id: 1 });
        await rejection(trx('parent').insert({ id: 1 }));
        await rejection(trx.transaction(async (inner) => inner('parent').insert({ id: 1 })));
        await trx('parent').insert({ id: 2 });
      });
      expect(await db('parent').pluck('id')).to.deep.equal([1, 2]);
    });
  });

  for (const [where, client] of [
    ['its own option', knexClient({ acquireConnectionTimeout: 40, config: { log: SILENT } })],
    ['the configuration of the app', knexClient({ config: { acquireConnectionTimeout: 40, log: SILENT } })],
  ] as const) {
    it(`ends a query that waits for its own transaction after the timeout set in ${where}`, async () => {
      await workspace.isolation({ client }).run('deadlock', async ({ db }) => {
        const error = await rejection(db.transaction(async () => db('note').first()));
        expect(error.message).to.contain('Timeout acquiring a connection');
        expect(await db('note').pluck('id'), 'the connection is usable again').to.deep.equal([1]);
      });
    });
  }

  it('checks foreign keys, and does not wait for disks', async () => {
    await workspace.isolation({ schema: FAMILY }).run('defaults', async ({ db }) => {
      expect(await db.raw('pragma foreign_keys')).to.deep.equal([{ foreign_keys: 1 }]);
      expect(await db.raw('pragma synchronous')).to.deep.equal([{ synchronous: 0 }]);
      expect(await rejection(db('child').insert(ORPHAN))).to.include({ code: 'SQLITE_CONSTRAINT_FOREIGNKEY' });
    });
  });

  it("sets the engine's pragmas on every connection, also on one that is opened anew", async () => {
    const engine = sqlite({ pragmas: { foreign_keys: 'off', cache_size: -512, synchronous: 1 } });
    await workspace.isolation({ engine }).run('pragmas', async ({ db }) => {
      for (let time = 0; time < 2; time += 1) {
        expect(await db.raw('pragma cache_size')).to.deep.equal([{ cache_size: -512 }]);
        expect(await db.raw('pragma foreign_keys')).to.deep.equal([{ foreign_keys: 0 }]);
        expect(await db.raw('pragma synchronous')).to.deep.equal([{ synchronous: 1 }]);
        await db.destroy();
        db.initialize();
      }
    });
  });

  it("calls the app's own afterCreate once the pragmas are set", async () => {
    const seen: unknown[] = [];
    const pool = {
      afterCreate(connection: Database.Database, done: (error: unknown, connection: unknown) => void) {
        seen.push(connection.pragma('foreign_keys', { simple: true }));
        connection.function('shout', (text) => String(text).toUpperCase());
        done(null, connection);
      },
    };
    await workspace.isolation({ client: knexClient({ config: { pool } }) }).run('afterCreate', async ({ db }) => {
      expect(await db('note').select(db.raw('shout(text) as loud'))).to.deep.equal([{ loud: 'FROM THE TEMPLATE' }]);
    });
    expect(seen).to.deep.equal([1, 1]); // the template's connection and the test's
  });

  it('tells of an afterCreate that fails', async () => {
    const pool = {
      afterCreate: (_: unknown, done: (error: Error) => void) => done(new Error('no such extension')),
    };
    const isolation = workspace.isolation({ client: knexClient({ config: { pool, log: SILENT } }) });
    expect((await rejection(isolation.acquire())).message).to.contain('no such extension');
  });

  it('passes on wrapIdentifier and postProcessResponse', async () => {
    const config: Knex.Config = {
      wrapIdentifier: (name, wrap) => wrap(name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)),
      postProcessResponse: (rows) => (Array.isArray(rows) ? rows.map((row) => ({ ...row, processed: true })) : rows),
    };
    const client = knexClient({ config });
    await workspace.isolation({ client, schema: FAMILY }).run('mappers', async ({ db }) => {
      await db('parent').insert({ id: 1 });
      await db('child').insert({ id: 1, parentId: 1 });
      expect(await db('child').select('parentId')).to.deep.equal([{ parent_id: 1, processed: true }]);
    });
  });

  it('uses a dialect class of the app, with the same care', async () => {
    const { default: Dialect } = await import(
      createRequire(import.meta.url).resolve('knex/lib/dialects/better-sqlite3')
    );
    let opened = 0;
    class OwnDialect extends Dialect {
      async acquireRawConnection(): Promise<unknown> {
        opened += 1;
        return super.acquireRawConnection();
      }
    }
    const client = knexClient({ config: { client: OwnDialect as never } });
    await workspace.isolation({ client, schema: FAMILY }).run('own dialect', async ({ db }) => {
      expect(db.client).to.be.instanceOf(OwnDialect);
      await rejection(db.transaction(async (trx) => trx('child').insert(ORPHAN)));
      expect(await db('child')).to.deep.equal([]);
      expect(await db.raw('pragma foreign_keys')).to.deep.equal([{ foreign_keys: 1 }]);
    });
    expect(opened).to.equal(2);
  });

  it('refuses the name of a driver that the engine has no use for', async () => {
    for (const client of ['pg', 'mysql2']) {
      const isolation = workspace.isolation({ client: knexClient({ config: { client } }) });
      const error = await failure('DBI_INVALID_OPTION', () => isolation.acquire());
      expect(error.message).to.contain(`config.client is "${client}"`).and.to.contain('"better-sqlite3"');
    }
  });

  it('takes settings of the driver, but not the file, from the configuration of the app', async () => {
    const connection = { filename: '/nowhere/no.sqlite', options: { safeIntegers: true } };
    await workspace.isolation({ client: knexClient({ config: { connection } }) }).run('settings', async ({ db }) => {
      expect(await db('note').pluck('id')).to.deep.equal([1n]);
    });
  });

  it('has another fingerprint for other options, also when they are functions or classes', async () => {
    const options = [
      {},
      { acquireConnectionTimeout: 1 },
      { config: { useNullAsDefault: false } },
      { config: { wrapIdentifier: (name: string) => name } },
      { config: { wrapIdentifier: (name: string) => `"${name}"` } },
      { config: { client: class Own {} as never } },
    ];
    const prints = await Promise.all(options.map((option) => knexClient(option).fingerprint()));
    expect(new Set(prints).size).to.equal(options.length);
  });

  it('takes a configuration that holds what cannot be written as JSON', async () => {
    const circular: Record<string, unknown> = { warn: () => undefined, count: 10n };
    circular['self'] = circular;
    const print = () => knexClient({ config: { log: circular } }).fingerprint();
    expect(await print()).to.equal(await print());
  });

  describe('leaks on SQLite', () => {
    const leaksOf = async (test: (db: Knex) => unknown) => {
      const lease = await workspace.isolation().acquire();
      await test(lease.db);
      return (await lease.release()).leaks;
    };
    const here = /test\/clients\/knex\.test\.ts:\d+:\d+ \(leave\)$/;

    const left: readonly (readonly [string, (db: Knex) => unknown])[] = [
      [
        'open-transaction',
        async function leave(db) {
          const transaction = await db.transaction();
          await transaction('note').insert({ text: 'uncommitted' });
        },
      ],
      [
        'open-transaction',
        async function leave(db) {
          await db.raw('begin');
        },
      ],
      [
        'open-cursor',
        async function leave(db) {
          db('note').stream();
          await new Promise(setImmediate); // it takes its connection later
        },
      ],
      [
        'unreleased-connection',
        async function leave(db) {
          await db.client.acquireConnection();
        },
      ],
      [
        'temporary-table',
        async function leave(db) {
          await db.raw('create temp table scratch (id integer)');
        },
      ],
      [
        'open-cursor',
        async function leave(db) {
          const connection: Database.Database = await db.client.acquireConnection();
          connection.prepare('select text from note union all select text from note').iterate().next();
          await db.client.releaseConnection(connection);
        },
      ],
    ];
    for (const [index, [kind, leave]] of left.entries()) {
      it(`says where it was left: ${kind} (${index + 1})`, async () => {
        const leaks = await leaksOf(leave);
        expect(leaks.map((leak) => leak.kind)).to.deep.equal([kind]);
        expect(leaks[0]?.place).to.match(here);
      });
    }

    it('lets a schema leave what ends with its connection', async () => {
      const schema = sqlSchema('create table parent (id integer); create temp table scratch (id integer);');
      const knex = customSchema<Knex>({
        fingerprint: 'a temporary table',
        apply: async (db) => void (await db.raw('create temp table scratch (id integer)')),
      });
      for (const left of [schema, knex]) {
        const lease = await workspace.isolation({ schema: left }).acquire();
        expect((await lease.release()).leaks).to.deep.equal([]);
      }
    });

    it('closes iterators inside a transaction as well, and does not mind those that came to their end', async () => {
      const leaks = await leaksOf(async (db) => {
        const connection: Database.Database = await db.client.acquireConnection();
        expect([...connection.prepare('select id from note').iterate()]).to.have.length(1);
        connection.exec('begin');
        connection.prepare('select id from note').iterate();
      });
      expect(leaks.map(({ kind }) => kind)).to.deep.equal(['open-transaction']);
    });

    it('refuses statements that were prepared before the end, and everything else of a raw connection', async () => {
      const lease = await workspace.isolation({ keep: 'always' }).acquire();
      const connection: Database.Database = await lease.db.client.acquireConnection();
      const insert = connection.prepare("insert into note (text) values ('late')");
      const select = connection.prepare('select text from note');
      const released = lease.release();
      const uses = [
        () => insert.run(),
        () => select.get(),
        () => select.all(),
        () => select.iterate(),
        () => connection.exec('delete from note'),
        () => connection.prepare('delete from note'),
        () => connection.pragma('user_version = 7'),
      ];
      for (const use of uses) await failure('DBI_STALE_LEASE', use);
      const { kept } = await released;
      for (const use of uses) await failure('DBI_STALE_LEASE', use);
      const file = new Database(fileOf(kept ?? expect.fail('it was not kept')), { readonly: true });
      expect(file.prepare('select text from note').pluck().all()).to.deep.equal(['from the template']);
      file.close();
    });

    it('refuses transactions and builders that were made before the end', async () => {
      const lease = await workspace.isolation().acquire();
      const { db } = lease;
      const builder = db('note').insert({ text: 'late' });
      const transaction = await db.transaction();
      transaction.executionPromise.catch(() => undefined);
      const inner = transaction('note').insert({ text: 'late' });
      const released = lease.release();
      const refused = async (use: PromiseLike<unknown>) =>
        expect(await rejection(use)).to.have.property('code', 'DBI_STALE_LEASE');
      await Promise.all([builder, inner, transaction('note'), db.transaction()].map(refused));
      await released;
      await Promise.all([db('note'), transaction('note'), db.transaction()].map(refused));
    });
  });
});
