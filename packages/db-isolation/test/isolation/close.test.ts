import { expect } from 'chai';
import { clientThatCannotClose } from '../support/clients.ts';
import { failure, rejection } from '../support/rejections.ts';
import { onEachEngine } from './each-engine.ts';

onEachEngine('close', (place) => {
  it('releases what is still leased and leaves nothing of it in use', async () => {
    const isolation = place.isolation({ keep: 'always' });
    const leases = await Promise.all([isolation.acquire(), isolation.acquire()]);
    await isolation.close();
    for (const lease of leases) await failure('DBI_STALE_LEASE', () => lease.db);
    expect(await place.count()).to.equal(0);
  });

  it('may be called again, also when nothing was ever acquired', async () => {
    const isolation = place.isolation();
    expect(isolation.close()).to.equal(isolation.close());
    await isolation.close();
    expect(await place.count()).to.equal(0);
  });

  it('lets nobody acquire any more', async () => {
    const isolation = place.isolation();
    await isolation.close();
    await failure('DBI_CLOSED', () => isolation.acquire());
    await failure('DBI_CLOSED', () => isolation.run('late', () => expect.fail('the body ran')));
  });

  it('waits for a database that is still being opened, and tells whoever asked for it', async () => {
    const isolation = place.isolation();
    const acquiring = failure('DBI_CLOSED', () => isolation.acquire());
    await isolation.close();
    expect(await place.count()).to.equal(0);
    await acquiring;
  });

  it('releases the others when one cannot be, and then says which', async () => {
    let closed: unknown;
    const isolation = place.isolation({ client: clientThatCannotClose((db) => db === closed) });
    const bad = await isolation.acquire({ title: 'bad' });
    await isolation.acquire({ title: 'good' });
    closed = bad.db;
    const error = (await rejection(isolation.close())) as AggregateError;
    expect(error.errors).to.have.length(1);
    expect(error.errors[0]).to.include({ code: 'DBI_RELEASE_FAILED' });
    expect(await place.count()).to.equal(0);
  });

  it('leaves nothing of a sweep that comes after it', async () => {
    const isolation = place.isolation();
    await isolation.close();
    expect(await isolation.sweep()).to.deep.equal({ runs: 0, kept: 0, templates: 0 });
    expect(await place.count()).to.equal(0);
  });

  it('waits for a sweep that is under way, and leaves nothing of one that begins later', async () => {
    const isolation = place.isolation();
    await isolation.run('a test', () => undefined);
    const sweeping = isolation.sweep();
    await isolation.close();
    expect(await sweeping).to.deep.equal({ runs: 0, kept: 0, templates: 0 });
    expect(await place.countConnections()).to.equal(0);
    expect(await isolation.sweep()).to.deep.equal({ runs: 0, kept: 0, templates: 0 });
    expect(await place.countConnections()).to.equal(0);
  });

  it('does not wait for room for tests that have not begun', async () => {
    const isolation = place.crowdedIsolation();
    const first = await isolation.acquire();
    const others = [1, 2, 3].map(() => failure('DBI_CLOSED', () => isolation.acquire()));
    await isolation.close();
    await Promise.all(others);
    await failure('DBI_STALE_LEASE', () => first.db);
    expect(await place.count()).to.equal(0);
  });

  it('leaves an isolation beside it alone', async () => {
    const [one, two] = [place.isolation(), place.isolation()];
    const lease = await two.acquire();
    await one.run('short', () => undefined);
    await one.close();
    expect(await lease.db('note').pluck('id')).to.deep.equal([1]);
    expect(await two.run('another', ({ db }) => db('note').pluck('id'))).to.deep.equal([1]);
  });
});
