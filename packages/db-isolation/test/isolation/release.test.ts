import { existsSync, readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect } from 'chai';
import { changedClient, isTemplate } from '../support/clients.ts';
import { failure, rejection } from '../support/rejections.ts';
import { fileOf, useWorkspace } from '../support/workspace.ts';
import { onEachEngine } from './each-engine.ts';

onEachEngine('release', (place) => {
  it('removes the database and says so', async () => {
    const isolation = place.isolation();
    const lease = await isolation.acquire({ title: 'one' });
    const { url } = lease;
    await lease.db('note').insert({ text: 'mine' });
    expect(await place.exists({ url })).to.equal(true);
    const report = await lease.release();
    expect(report).to.deep.equal({
      outcome: 'dropped',
      reason: "the test did not fail and keep is 'failed'",
      leaks: [],
    });
    await isolation.close(); // on a server, the release did not wait for the drop
    expect(await place.exists({ url })).to.equal(false);
  });

  it('may be called again, also at the same time, and answers the same report', async () => {
    const lease = await place.isolation().acquire();
    const [first, second] = await Promise.all([lease.release(), lease.release({ failed: true })]);
    expect(second).to.equal(first);
    expect(await lease.release({ failed: true })).to.equal(first);
  });

  it('is what a disposal does', async () => {
    const lease = await place.isolation().acquire();
    await lease[Symbol.asyncDispose]();
    await failure('DBI_STALE_LEASE', () => lease.db);
  });

  it('leaves a lease that names its test when somebody still uses it', async () => {
    const lease = await place.isolation().acquire({ title: 'reads \'late"' });
    const released = lease.release();
    for (const use of [() => lease.db, () => lease.url]) {
      const error = await failure('DBI_STALE_LEASE', use); // at once, not when the release is done
      expect(error.message).to.contain('"reads \'late""');
    }
    await released;
  });

  it('does not mind a database that was never used, or that the test has closed itself', async () => {
    const isolation = place.isolation();
    const unused = await isolation.acquire();
    const destroyed = await isolation.acquire();
    await destroyed.db('note').first();
    await destroyed.db.destroy();
    const reports = await Promise.all([unused.release(), destroyed.release()]);
    expect(reports.map(({ leaks }) => leaks)).to.deep.equal([[], []]);
  });

  it('is bounded when opening or closing hangs', async () => {
    const never = new Promise<never>(() => undefined);
    let closed: unknown;
    const closing = place.isolation({
      client: changedClient((knex) => ({
        async close(db) {
          await knex.close(db);
          return db === closed ? never : [];
        },
      })),
    });
    const lease = await closing.acquire({ title: 'closes' });
    closed = lease.db;
    const { url } = lease;

    let tried: () => void = () => undefined;
    const trying = new Promise<void>((resolve) => {
      tried = resolve;
    });
    const opening = place.isolation({
      client: changedClient(() => ({
        open() {
          tried(); // the template is there already
          return never;
        },
      })),
    });
    opening.acquire({ title: 'opens' }).catch(() => undefined);
    await trying;

    const [released, closedAll] = await Promise.all([rejection(lease.release()), rejection(opening.close())]);
    expect(released).to.include({ code: 'DBI_RELEASE_FAILED' });
    expect(released.message).to.contain('"closes"').and.to.contain('closing it took longer than 5 s');
    await closing.close();
    expect(await place.exists({ url }), 'it is removed all the same').to.equal(false);
    const [error] = (closedAll as AggregateError).errors;
    expect(error.message).to.contain('"opens"').and.to.contain('opening it took longer than 5 s');
  });
});

describe('release on SQLite', () => {
  const workspace = useWorkspace();

  it('removes the database with its directory and says so', async () => {
    const lease = await workspace.isolation().acquire({ title: 'one' });
    const file = fileOf(lease);
    await lease.db('note').insert({ text: 'mine' });
    const report = await lease.release();
    expect(report).to.deep.equal({
      outcome: 'dropped',
      reason: "the test did not fail and keep is 'failed'",
      leaks: [],
    });
    expect(existsSync(dirname(file))).to.equal(false);
    expect(readdirSync(dirname(dirname(file)))).to.deep.equal([]);
  });

  it('removes the copy of a database that could not be opened', async () => {
    const client = changedClient((knex) => ({
      open: (address) => (isTemplate(address) ? knex.open(address) : Promise.reject(new Error('no'))),
    }));
    const isolation = workspace.isolation({ client });
    expect((await rejection(isolation.acquire())).message).to.equal('no');
    const [run = ''] = workspace.names('runs');
    expect(readdirSync(`${workspace.root}/runs/${run}`)).to.deep.equal([]);
  });
});
