import { existsSync, readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect } from 'chai';
import { changedClient, clientThatCannotClose, isTemplate } from '../support/clients.ts';
import { failure, rejection } from '../support/rejections.ts';
import { fileOf, useWorkspace } from '../support/workspace.ts';

describe('release', () => {
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

  it('may be called again, also at the same time, and answers the same report', async () => {
    const lease = await workspace.isolation().acquire();
    const [first, second] = await Promise.all([lease.release(), lease.release({ failed: true })]);
    expect(second).to.equal(first);
    expect(await lease.release({ failed: true })).to.equal(first);
  });

  it('is what a disposal does', async () => {
    const lease = await workspace.isolation().acquire();
    const file = fileOf(lease);
    await lease[Symbol.asyncDispose]();
    expect(existsSync(file)).to.equal(false);
    await failure('DBI_STALE_LEASE', () => lease.db);
  });

  it('leaves a lease that names its test when somebody still uses it', async () => {
    const lease = await workspace.isolation().acquire({ title: 'reads \'late"' });
    const released = lease.release();
    for (const use of [() => lease.db, () => lease.url]) {
      const error = await failure('DBI_STALE_LEASE', use); // at once, not when the release is done
      expect(error.message).to.contain('"reads \'late""');
    }
    await released;
  });

  it('does not mind a database that was never used, or that the test has closed itself', async () => {
    const isolation = workspace.isolation();
    const unused = await isolation.acquire();
    const destroyed = await isolation.acquire();
    await destroyed.db('note').first();
    await destroyed.db.destroy();
    const reports = await Promise.all([unused.release(), destroyed.release()]);
    expect(reports.map(({ leaks }) => leaks)).to.deep.equal([[], []]);
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

  it('is bounded when opening or closing hangs', async function () {
    this.timeout(10_000);
    const never = new Promise<never>(() => undefined);
    let closed: unknown;
    const closing = workspace.isolation({
      client: changedClient((knex) => ({
        async close(db) {
          await knex.close(db);
          return db === closed ? never : [];
        },
      })),
    });
    const lease = await closing.acquire({ title: 'closes' });
    closed = lease.db;
    const file = fileOf(lease);

    let tried: () => void = () => undefined;
    const trying = new Promise<void>((resolve) => {
      tried = resolve;
    });
    const opening = workspace.isolation({
      client: changedClient((knex) => ({
        open(address) {
          if (isTemplate(address)) return knex.open(address);
          tried();
          return never;
        },
      })),
    });
    opening.acquire({ title: 'opens' }).catch(() => undefined);
    await trying;

    const [released, closedAll] = await Promise.all([rejection(lease.release()), rejection(opening.close())]);
    expect(released).to.include({ code: 'DBI_RELEASE_FAILED' });
    expect(released.message).to.contain('"closes"').and.to.contain('closing it took longer than 5 s');
    expect(existsSync(dirname(file)), 'it is removed all the same').to.equal(false);
    const [error] = (closedAll as AggregateError).errors;
    expect(error.message).to.contain('"opens"').and.to.contain('opening it took longer than 5 s');
  });
});

describe('close', () => {
  const workspace = useWorkspace();

  it('releases what is still leased and leaves nothing but the template', async () => {
    const isolation = workspace.isolation({ keep: 'always' });
    const leases = await Promise.all([isolation.acquire(), isolation.acquire()]);
    await isolation.close();
    for (const lease of leases) await failure('DBI_STALE_LEASE', () => lease.db);
    expect(workspace.names('runs')).to.deep.equal([]);
    expect(workspace.names('templates')).to.have.length(1);
  });

  it('may be called again, also when nothing was ever acquired', async () => {
    const isolation = workspace.isolation();
    expect(isolation.close()).to.equal(isolation.close());
    await isolation.close();
    expect(workspace.names('runs')).to.deep.equal([]);
  });

  it('lets nobody acquire any more', async () => {
    const isolation = workspace.isolation();
    await isolation.close();
    await failure('DBI_CLOSED', () => isolation.acquire());
    await failure('DBI_CLOSED', () => isolation.run('late', () => expect.fail('the body ran')));
  });

  it('waits for a database that is still being opened, and tells whoever asked for it', async () => {
    const isolation = workspace.isolation();
    const acquiring = failure('DBI_CLOSED', () => isolation.acquire());
    await isolation.close();
    expect(workspace.names('runs')).to.deep.equal([]);
    await acquiring;
  });

  it('releases the others when one cannot be, and then says which', async () => {
    let closed: unknown;
    const isolation = workspace.isolation({ client: clientThatCannotClose((db) => db === closed) });
    const bad = await isolation.acquire({ title: 'bad' });
    const good = await isolation.acquire({ title: 'good' });
    closed = bad.db;
    const file = fileOf(good);
    const error = (await rejection(isolation.close())) as AggregateError;
    expect(error.errors).to.have.length(1);
    expect(error.errors[0]).to.include({ code: 'DBI_RELEASE_FAILED' });
    expect(existsSync(file)).to.equal(false);
    expect(workspace.names('runs')).to.deep.equal([]);
  });

  it('leaves nothing of a sweep that comes after it', async () => {
    const isolation = workspace.isolation();
    await isolation.close();
    expect(await isolation.sweep()).to.deep.equal({ runs: 0, kept: 0, templates: 0 });
    expect(workspace.names('runs')).to.deep.equal([]);
  });

  it('leaves an isolation beside it alone', async () => {
    const [one, two] = [workspace.isolation(), workspace.isolation()];
    const lease = await two.acquire();
    await one.run('short', () => undefined);
    await one.close();
    expect(await lease.db('note').pluck('id')).to.deep.equal([1]);
    expect(await two.run('another', ({ db }) => db('note').pluck('id'))).to.deep.equal([1]);
  });
});
