import { expect } from 'chai';
import type { Knex } from 'knex';
import { rejection } from '../support/rejections.ts';
import { describeOnServers } from '../support/throwaway-server.ts';

describeOnServers('a test with a database of its own', (server) => {
  const notes = (db: Knex) => db('note').orderBy('text').pluck('text');
  /** The next test of this isolation finds what the template has. */
  const expectUntouched = (isolation: ReturnType<typeof server.isolation>) =>
    isolation.run('the next test', async ({ db }) => {
      expect(await notes(db)).to.deep.equal(['from the template']);
      expect(await db.schema.hasTable('extra')).to.equal(false);
      expect(await db.schema.hasColumn('note', 'more')).to.equal(false);
    });

  it('commits, rolls back and changes the schema as in production', async () => {
    const isolation = server.isolation();
    await isolation.run('everything', async ({ db }) => {
      await db.transaction((trx) => trx('note').insert({ text: 'committed' }));
      await rejection(
        db.transaction(async (trx) => {
          await trx('note').del();
          throw new Error('changed my mind');
        }),
      );
      await db.schema.createTable('extra', (table) => table.increments());
      await db.schema.alterTable('note', (table) => table.integer('more'));
      expect(await notes(db)).to.deep.equal(['committed', 'from the template']);
    });
    await expectUntouched(isolation);
  });

  it('has several connections at the same moment, which see what others have committed', async () => {
    const isolation = server.isolation();
    await isolation.run('parallel', async ({ db }) => {
      const transactions = await Promise.all([1, 2, 3, 4].map(() => db.transaction()));
      for (const [index, trx] of transactions.entries()) await trx('note').insert({ text: `of ${index}` });
      expect(await notes(db)).to.deep.equal(['from the template']); // the fifth connection
      for (const [index, trx] of transactions.entries()) await (index % 2 ? trx.commit() : trx.rollback());
      expect(await notes(db)).to.deep.equal(['from the template', 'of 1', 'of 3']);
    });
    await expectUntouched(isolation);
  });

  it('gets the errors of the server, and goes on after them', async () => {
    const isolation = server.isolation();
    await isolation.run('fails', async ({ db }) => {
      await rejection(db('note').insert({ text: null }));
      await rejection(db('nowhere').select());
      await rejection(db.raw('selec'));
      await rejection(
        db.transaction(async (trx) => {
          await trx('note').insert({ text: 'lost' });
          await trx('nowhere').select();
        }),
      );
      expect(await notes(db)).to.deep.equal(['from the template']);
    });
    await expectUntouched(isolation);
  });

  it('may leave transactions open, with locks on rows and tables', async () => {
    const isolation = server.isolation({ keep: 'never' });
    const lease = await isolation.acquire();
    const [one, two] = await Promise.all([lease.db.transaction(), lease.db.transaction()]);
    for (const trx of [one, two]) trx.executionPromise.catch(() => undefined);
    await one('note').update({ text: 'locked' });
    const waiting = rejection(two('note').update({ text: 'waits' }));
    const { leaks } = await lease.release();
    expect(leaks.length).to.be.greaterThan(0);
    await waiting;
    await expectUntouched(isolation);
  });

  it('leaves no temporary table and no setting of a session to the next one', async () => {
    const isolation = server.isolation({ leaks: { 'temporary-table': 'ignore' } });
    await isolation.run('session', async ({ db }) => {
      await db.transaction(async (trx) => {
        await trx.raw('create temporary table extra (id integer)');
        await trx.raw(server.kind.name === 'postgres' ? "set timezone = 'Asia/Tokyo'" : "set time_zone = '+09:00'");
      });
    });
    await expectUntouched(isolation);
    await isolation.run('the next test', async ({ db }) => {
      const sql = server.kind.name === 'postgres' ? 'show timezone' : 'select @@time_zone as zone';
      expect(JSON.stringify(await db.raw(sql))).not.to.match(/Tokyo|\+09:00/);
    });
  });

  it('may have any title', async () => {
    const isolation = server.isolation();
    for (const title of [`it's "quoted" \`so\`; drop database x --`, 'größer 数据库 💾\u0000\n', 'x'.repeat(500), '']) {
      await isolation.run(title, async ({ db, title: own }) => {
        expect(own).to.equal(title);
        await db('note').insert({ text: 'more' });
      });
    }
    await expectUntouched(isolation);
  });

  it('never meets another test, however many there are at the same moment', async () => {
    const isolation = server.isolation();
    const texts = Array.from({ length: 12 }, (_, number) => `of test ${number}`);
    const seen = await Promise.all(
      texts.map((text) =>
        isolation.run(text, async ({ db }) => {
          await db('note').insert({ text });
          return notes(db);
        }),
      ),
    );
    expect(seen).to.deep.equal(texts.map((text) => ['from the template', text]));
    await isolation.close();
    expect(await server.names('test')).to.deep.equal([]);
  });
});
