import { expect } from 'chai';
import { failure } from '../support/rejections.ts';
import { onEachEngine } from './each-engine.ts';

/** A promise that is settled from outside: how these tests let code of an ended test go on. */
function signal(): { readonly given: Promise<void>; give(): void } {
  let give: () => void = () => undefined;
  const given = new Promise<void>((resolve) => {
    give = resolve;
  });
  return { given, give };
}

onEachEngine('isolation.current', (place) => {
  it('is the lease in whose context the code runs, through awaits, timers and callbacks', async () => {
    const isolation = place.isolation();
    const test = (title: string) =>
      isolation.run(title, async (lease) => {
        await lease.db('note').first();
        expect(isolation.current()).to.equal(lease);
        const later = await new Promise((resolve) => setTimeout(() => resolve(isolation.current()), 1));
        const soon = await new Promise((resolve) => setImmediate(() => resolve(isolation.current())));
        const tick = await new Promise((resolve) => process.nextTick(() => resolve(isolation.current())));
        expect([later, soon, tick]).to.deep.equal([lease, lease, lease]);
        return lease.title;
      });
    expect(await Promise.all(['a', 'b', 'c'].map(test))).to.deep.equal(['a', 'b', 'c']);
  });

  it('throws DBI_STALE_LEASE for a timer or a promise of a test that has ended, also while the next test runs', async () => {
    const isolation = place.isolation();
    const nextRuns = signal();
    const fromTimer = signal();
    let promise: Promise<unknown> = Promise.resolve();
    let timer: Promise<unknown> = Promise.resolve();
    await isolation.run('leaves work behind', () => {
      promise = nextRuns.given.then(() => isolation.current());
      timer = new Promise((resolve, reject) => {
        nextRuns.given.then(() =>
          setTimeout(() => {
            try {
              resolve(isolation.current());
            } catch (error) {
              reject(error);
            } finally {
              fromTimer.give();
            }
          }, 1),
        );
      });
    });
    const stale = [failure('DBI_STALE_LEASE', () => promise), failure('DBI_STALE_LEASE', () => timer)];
    await isolation.run('next', async () => {
      nextRuns.give();
      await fromTimer.given;
    });
    for (const error of await Promise.all(stale)) expect(error.message).to.contain('"leaves work behind"');
  });

  it('is the only live lease for code without a context', async () => {
    const isolation = place.isolation();
    const lease = await isolation.acquire();
    expect(isolation.current()).to.equal(lease);
    await lease.release();
    await failure('DBI_NO_LEASE', () => isolation.current());
  });

  it('throws DBI_AMBIGUOUS_LEASE for code without a context while several leases live, and says how many', async () => {
    const isolation = place.isolation();
    const first = await isolation.acquire();
    const second = await isolation.acquire();
    const error = await failure('DBI_AMBIGUOUS_LEASE', () => isolation.current());
    expect(error.message).to.match(/^2 databases/);
    await first.release();
    expect(isolation.current()).to.equal(second);
    await second.release();
  });

  it('throws DBI_NO_LEASE before, between and after tests', async () => {
    const isolation = place.isolation();
    await failure('DBI_NO_LEASE', () => isolation.current());
    await isolation.run('a test', () => undefined);
    await failure('DBI_NO_LEASE', () => isolation.current());
    await isolation.close();
    await failure('DBI_NO_LEASE', () => isolation.current());
  });

  it('knows only the leases of its own isolation', async () => {
    const [one, two] = [place.isolation(), place.isolation()];
    await one.run('of one', async (lease) => {
      await failure('DBI_NO_LEASE', () => two.current());
      await two.run('of two', (inner) => {
        expect(one.current()).to.equal(lease);
        expect(two.current()).to.equal(inner);
      });
    });
  });
});
