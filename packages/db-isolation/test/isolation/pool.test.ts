import type { Isolation, Lease } from '@acme/db-isolation';
import { expect } from 'chai';
import type { Knex } from 'knex';
import { rejection, unhandledDuring } from '../support/rejections.ts';
import { useWorkspace } from '../support/workspace.ts';
import { type Ahead, aheadEngine } from './ahead-engine.ts';

const MAX_READY = 6;

/** A promise that is settled from outside. */
function gate(): { readonly opened: Promise<void>; open(): void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

/** Lets everything happen that does not wait for a gate. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

describe('databases that are made ahead', () => {
  const workspace = useWorkspace();
  let ahead: Ahead;
  let isolation: Isolation<Knex>;
  beforeEach(() => {
    ahead = aheadEngine();
    isolation = workspace.isolation({ engine: ahead.engine });
  });

  const acquire = (count: number) => Promise.all(Array.from({ length: count }, () => isolation.acquire()));
  const releaseAll = (leases: readonly Lease<Knex>[]) => Promise.all(leases.map((lease) => lease.release()));

  it('are handed out once each', async () => {
    const seen: string[] = [];
    for (let round = 0; round < 5; round += 1) {
      const leases = await acquire(8);
      seen.push(...leases.map(({ url }) => url));
      await Promise.all(leases.map(({ db }) => db('note').insert({ text: 'mine' })));
      await releaseAll(leases);
    }
    expect(new Set(seen).size).to.equal(40);
    await isolation.run('the next', async ({ db }) => expect(await db('note')).to.have.length(1));
  });

  it('are one at first, and more when tests have to wait, up to six', async () => {
    const first = await acquire(1);
    await ahead.idle();
    expect(ahead.live.size - 1).to.equal(1);
    const others = await acquire(20);
    await ahead.idle();
    expect(ahead.live.size - 21).to.equal(MAX_READY);
    await releaseAll([...first, ...others]);
  });

  it('become fewer again, one at a time, when tests no longer need them', async () => {
    await releaseAll(await acquire(20));
    await ahead.idle();
    const sizes = new Set<number>();
    for (let test = 0; test < 200; test += 1) {
      await isolation.run('alone', () => undefined);
      await ahead.idle();
      sizes.add(ahead.live.size);
    }
    expect([...sizes]).to.deep.equal([6, 5, 4, 3, 2, 1]);
  });

  it('that cannot be made fail no test as long as another one is on its way', async () => {
    const slow = gate();
    ahead.beforeMaking = (number) => (number === 0 ? slow.opened : Promise.reject(new Error('no room')));
    const acquiring = isolation.acquire();
    await turns();
    slow.open();
    const lease = await acquiring;
    expect(await lease.db('note')).to.have.length(1);
    await lease.release();
  });

  it('that cannot be made fail no more tests than there were failures, each told to one of them', async () => {
    await isolation.run('builds the template', () => undefined);
    ahead.beforeMaking = (number) =>
      number % 3 === 0 ? undefined : Promise.reject(new Error(`no room for ${number}`));
    const results = await Promise.allSettled(Array.from({ length: 9 }, () => isolation.acquire()));
    const leases = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    const reasons = results.flatMap((result) => (result.status === 'rejected' ? [String(result.reason)] : []));
    expect(new Set(leases.map(({ url }) => url)).size)
      .to.equal(leases.length)
      .and.be.at.least(1);
    expect(new Set(reasons).size).to.equal(reasons.length).and.be.at.least(1);
    for (const reason of reasons) expect(reason).to.match(/no room for \d+$/);

    ahead.beforeMaking = () => undefined;
    await isolation.run('the next', async ({ db }) => expect(await db('note')).to.have.length(1));
    await releaseAll(leases);
  });

  it('that cannot be made when nobody waits harm nobody', async () => {
    const unhandled = await unhandledDuring(async () => {
      ahead.beforeMaking = (number) => (number === 0 ? undefined : Promise.reject(new Error('later')));
      const lease = await isolation.acquire();
      await ahead.idle();
      ahead.beforeMaking = () => undefined;
      await isolation.run('the next', ({ db }) => db('note'));
      await lease.release();
      await isolation.close();
    });
    expect(unhandled).to.deep.equal([]);
    expect(ahead.live.size).to.equal(0);
  });

  it('and all errors are told when none can be made, each time', async () => {
    ahead.beforeMaking = () => Promise.reject(new Error('no room'));
    for (let time = 0; time < 3; time += 1) {
      expect((await rejection(isolation.acquire())).message).to.equal('no room');
    }
  });

  it('are all dropped when the isolation is closed, also those that are being made', async () => {
    const lease = await isolation.acquire();
    await ahead.idle();
    const slow = gate();
    ahead.beforeMaking = () => slow.opened;
    const second = await isolation.acquire(); // was ready, and another one is being made in its place
    const waiting = rejection(isolation.acquire());
    const closing = isolation.close();
    await turns();
    slow.open();
    await closing;
    expect(await waiting).to.include({ code: 'DBI_CLOSED' });
    expect(ahead.live.size).to.equal(0);
    await Promise.all([lease.release(), second.release()]);
  });

  it('are not made for a test that has been given up while it waited for room', async () => {
    const [asked, room] = [gate(), gate()];
    ahead.beforeAdmitting = () => {
      asked.open();
      return room.opened;
    };
    let made = 0;
    ahead.beforeMaking = () => {
      made += 1;
      return undefined;
    };
    const waiting = rejection(isolation.acquire());
    await asked.opened;
    const closing = isolation.close();
    room.open();
    await closing;
    expect(await waiting).to.include({ code: 'DBI_CLOSED' });
    expect(made).to.equal(0);
  });

  it('are dropped while tests go on, until too many wait for it', async () => {
    const slow: { open(): void }[] = [];
    let asked = gate();
    ahead.beforeDropping = () => {
      const drop = gate();
      slow.push(drop);
      asked.open();
      return drop.opened;
    };
    let waiting: Promise<unknown> | undefined;
    for (let test = 0; test < 50 && !waiting; test += 1) {
      let ended = false;
      asked = gate();
      const run = isolation
        .run('goes on', () => undefined)
        .then(() => {
          ended = true;
        });
      await asked.opened;
      await turns();
      if (!ended) waiting = run;
    }
    expect(slow).to.have.length.within(5, 20);
    slow[0]?.open();
    await waiting;
    ahead.beforeDropping = () => undefined;
    for (const drop of slow) drop.open();
    await isolation.close();
    expect(ahead.live.size).to.equal(0);
  });

  it('that cannot be dropped are told of by close()', async () => {
    ahead.beforeDropping = () => Promise.reject(new Error('still in use'));
    await isolation.run('a test', () => undefined);
    ahead.beforeDropping = () => undefined;
    const error = (await rejection(isolation.close())) as AggregateError;
    expect(error.errors.flatMap(({ errors }) => errors).map(({ message }) => message)).to.deep.equal(['still in use']);
  });
});
