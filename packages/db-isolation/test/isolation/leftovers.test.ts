import type { Lease } from '@acme/db-isolation';
import { expect } from 'chai';
import type { Knex } from 'knex';
import { failure, rejection, unhandledDuring } from '../support/rejections.ts';
import { useWorkspace } from '../support/workspace.ts';
import { onEachEngine } from './each-engine.ts';

/** Releases and answers the kinds of leaks; a release that waits for something gives up after 5 s and rejects. */
async function release(lease: Lease<Knex>) {
  const report = await lease.release();
  expect(report.outcome).to.equal(report.leaks.length > 0 ? 'kept' : 'dropped');
  return report.leaks.map(({ kind }) => kind);
}

async function transactionOf(lease: Lease<Knex>): Promise<Knex.Transaction> {
  const transaction = await lease.db.transaction();
  transaction.executionPromise.catch(() => undefined);
  return transaction;
}

onEachEngine('what a test leaves behind', (place) => {
  it('a handle: every use of it fails with DBI_STALE_LEASE, naming the test', async () => {
    const lease = await place.isolation().acquire({ title: 'captures its handle' });
    const { db } = lease;
    await db('note').first();
    expect(await release(lease)).to.deep.equal([]);
    const uses = [
      () => db('note').first(),
      () => db.raw('select 1'),
      () => db.transaction(async (trx) => trx('note').first()),
      () => db.transaction(),
      () => db.schema.hasTable('note'),
      () => db.migrate.currentVersion(),
      () => db.withUserParams({})('note').first(),
    ];
    for (const use of uses) {
      expect((await failure('DBI_STALE_LEASE', use)).message).to.contain('"captures its handle"');
    }
  });

  it('a handle that was never used: it cannot be used for the first time either', async () => {
    const lease = await place.isolation().acquire();
    const { db } = lease;
    await lease.release();
    await failure('DBI_STALE_LEASE', () => db('note').first());
  });

  it('an unfinished transaction: rolled back, reported, and its object fails with DBI_STALE_LEASE', async () => {
    const isolation = place.isolation({ keep: 'always' });
    const lease = await isolation.acquire();
    const transaction = await transactionOf(lease);
    await transaction('note').insert({ text: 'never committed' });
    const report = await lease.release();
    expect(report.leaks.map(({ kind }) => kind)).to.deep.equal(['open-transaction']);
    const stale = await rejection(transaction('note').insert({ text: 'late' }));
    expect(stale).to.include({ code: 'DBI_STALE_LEASE' });
    await rejection(transaction.commit().then(() => transaction.executionPromise));

    const kept = report.kept ?? expect.fail('it was not kept');
    expect(await place.notesIn(kept)).to.deep.equal(['from the template']);
    await kept.discard();
  });

  it('an unfinished transaction of the handler form: its next query fails, and so does the transaction', async () => {
    const lease = await place.isolation().acquire();
    let goOn: () => void = () => undefined;
    const waiting = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    let begun: () => void = () => undefined;
    const started = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const transaction = lease.db.transaction(async (trx) => {
      await trx('note').del();
      begun();
      await waiting;
      await trx('note').del();
    });
    const outcome = rejection(transaction);
    await started;
    expect(await release(lease)).to.deep.equal(['open-transaction']);
    goOn();
    expect(await outcome).to.include({ code: 'DBI_STALE_LEASE' });
  });

  it('queries that begin with the end, behind a transaction: refused at once, and counted once', async () => {
    const lease = await place.narrowIsolation().acquire();
    const transaction = await transactionOf(lease);
    await transaction('note').first();
    const waiting = [lease.db('note').del(), lease.db('note').del()].map((query) =>
      failure('DBI_STALE_LEASE', () => query),
    );
    expect(await release(lease)).to.deep.equal(['late-use', 'open-transaction']);
    await Promise.all(waiting);
  });

  it('a transaction that begins with the end, behind another one: refused at once', async () => {
    const lease = await place.narrowIsolation().acquire();
    await transactionOf(lease);
    const second = failure('DBI_STALE_LEASE', () => lease.db.transaction());
    expect(await release(lease)).to.deep.equal(['late-use', 'open-transaction']);
    await second;
  });

  it('a transaction inside a transaction', async () => {
    const lease = await place.isolation().acquire();
    const outer = await transactionOf(lease);
    const inner = await outer.transaction();
    inner.executionPromise.catch(() => undefined);
    await inner('note').del();
    expect(await release(lease)).to.deep.equal(['open-transaction']);
    await rejection(inner('note').del());
  });

  it('a transaction begun with a statement: works as in production, and is reported when it is left open', async () => {
    const lease = await place.narrowIsolation().acquire();
    const count = async () => (await lease.db('note')).length;
    await lease.db.raw('begin');
    await lease.db('note').insert({ text: 'mine' });
    expect(await count()).to.equal(2);
    await lease.db.raw('rollback');
    expect(await count()).to.equal(1);
    await lease.db.raw('begin');
    expect(await release(lease)).to.deep.equal(['open-transaction']);
  });

  // With PostgreSQL, Knex needs one more package for streams.
  if (place.engine !== 'postgres') {
    it('a stream that is half read', async () => {
      const lease = await place.isolation().acquire();
      await lease.db('note').insert([1, 2, 3].map((number) => ({ text: String(number) })));
      for await (const row of lease.db('note').stream()) {
        expect(row).to.include({ id: 1 });
        break;
      }
      await release(lease);
    });
  }

  it('nothing that surfaces as an unhandled rejection of the library itself', async () => {
    const isolation = place.isolation();
    const unhandled = await unhandledDuring(async () => {
      const lease = await isolation.acquire();
      const transaction = await transactionOf(lease);
      await transaction('note').del();
      const waiting = rejection(lease.db('note').del());
      await lease.release();
      await waiting;
      await isolation.close();
    });
    expect(unhandled).to.deep.equal([]);
  });
});

describe('what a test leaves behind of better-sqlite3', () => {
  const workspace = useWorkspace();

  it('a raw connection that was not given back: taken back and reported', async () => {
    const lease = await workspace.isolation().acquire();
    const connection = await lease.db.client.acquireConnection();
    const statement = connection.prepare('insert into note (text) values (?)');
    expect(await release(lease)).to.deep.equal(['unreleased-connection']);
    expect(() => statement.run('late')).to.throw('[DBI_STALE_LEASE]');
    expect(() => connection.prepare('select 1')).to.throw();
  });

  it('a raw connection that was given back: nothing to report, and statements of it throw', async () => {
    const lease = await workspace.isolation().acquire();
    const { client } = lease.db;
    const connection = await client.acquireConnection();
    const statement = connection.prepare('insert into note (text) values (?)');
    await client.releaseConnection(connection);
    expect(await release(lease)).to.deep.equal([]);
    expect(() => statement.run('late')).to.throw('[DBI_STALE_LEASE]');
    await client.releaseConnection(connection); // too often, and too late
  });
});
