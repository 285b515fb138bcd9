import { AsyncResource } from 'node:async_hooks';
import { createProvider } from '@acme/db-isolation/provider';
import { expect } from 'chai';
import type { Knex } from 'knex';
import { failure } from '../support/rejections.ts';
import { onEachEngine } from './each-engine.ts';

/** Stands for the app's real database; no test makes a query through it. */
const REAL = { name: 'the real database' } as unknown as Knex;

onEachEngine('a provider listed under providers', (place) => {
  it("answers each test's own database in its context, and the real one between tests", async () => {
    const database = createProvider<Knex>(() => REAL);
    const isolation = place.isolation({ providers: [database] });
    expect(database.get()).to.equal(REAL);
    const test = (title: string) =>
      isolation.run(title, async (lease) => {
        await lease.db('note').first();
        expect(database.get()).to.equal(lease.db);
      });
    await Promise.all(['a', 'b', 'c'].map(test));
    expect(database.get()).to.equal(REAL);
  });

  it('does not make the real database while a test runs', async () => {
    let made = 0;
    const database = createProvider<Knex>(() => {
      made += 1;
      return REAL;
    });
    const isolation = place.isolation({ providers: [database] });
    await isolation.run('asks', () => database.get());
    expect(made).to.equal(0);
  });

  it('answers the only live database to code without a context, and guesses nothing when there are two', async () => {
    const database = createProvider<Knex>(() => REAL);
    const isolation = place.isolation({ providers: [database] });
    const first = await isolation.acquire();
    expect(database.get()).to.equal(first.db);
    const second = await isolation.acquire();
    await failure('DBI_AMBIGUOUS_LEASE', () => database.get());
    await first.release();
    expect(database.get()).to.equal(second.db);
    await second.release();
    expect(database.get()).to.equal(REAL);
  });

  it('says so when one test has databases of two isolations that list it', async () => {
    const database = createProvider<Knex>(() => REAL);
    const options = { providers: [database] };
    const [first, second] = [place.isolation(options), place.isolation(options)];
    await first.run('outer', () =>
      second.run('inner', async () => {
        const error = await failure('DBI_AMBIGUOUS_LEASE', () => database.get());
        expect(error.message).to.contain('2 databases of isolations that list this provider');
      }),
    );
  });

  it('throws DBI_STALE_LEASE for code of an ended test, also while another runs and after all is closed', async () => {
    const database = createProvider<Knex>(() => REAL);
    const isolation = place.isolation({ providers: [database] });
    let late: () => Promise<void> = async () => undefined;
    await isolation.run('leaves a closure', () => {
      const context = asyncContext();
      late = () => context(async () => void (await failure('DBI_STALE_LEASE', () => database.get())));
    });
    await late();
    await isolation.run('next', () => late());
    await isolation.close();
    await late();
    expect(database.get()).to.equal(REAL);
  });

  it('is restored when its test fails, and when the isolation is closed under a running test', async () => {
    const database = createProvider<Knex>(() => REAL);
    const isolation = place.isolation({ providers: [database], keep: 'never' });
    await isolation
      .run('fails', () => {
        throw new Error('expected');
      })
      .catch(() => undefined);
    expect(database.get()).to.equal(REAL);
    await isolation.acquire();
    await isolation.close();
    expect(database.get()).to.equal(REAL);
  });

  it('refuses an override during a test, and answers the test even when one was made before', async () => {
    const [own, other] = [{} as Knex, {} as Knex];
    const database = createProvider<Knex>(() => REAL);
    const isolation = place.isolation({ providers: [database] });
    const restore = database.override(own);
    await isolation.run('a test', async (lease) => {
      expect(database.get()).to.equal(lease.db);
      await failure('DBI_ALREADY_OVERRIDDEN', () => database.override(other));
    });
    expect(database.get()).to.equal(own);
    restore();
    expect(database.get()).to.equal(REAL);
    await isolation.run('a second', () => failure('DBI_ALREADY_OVERRIDDEN', () => database.override(other)));
    expect(database.get()).to.equal(REAL);
  });

  it('may be used by two isolations: the context decides, and without one it must be clear', async () => {
    const database = createProvider<Knex>(() => REAL);
    const one = place.isolation({ providers: [database] });
    const two = place.isolation({ providers: [database] });
    const lease = await one.acquire();
    expect(database.get()).to.equal(lease.db);
    await two.run('of two', async (inner) => expect(database.get()).to.equal(inner.db));
    const second = await one.acquire();
    await two.run('of two', async (inner) => expect(database.get()).to.equal(inner.db));
    await second.release();

    const other = await two.acquire();
    await failure('DBI_AMBIGUOUS_LEASE', () => database.get());
    await one.close();
    expect(database.get()).to.equal(other.db);
    await two.close();
    expect(database.get()).to.equal(REAL);
  });

  it('tells why there is no database when the template cannot be built', async () => {
    const database = createProvider<Knex>(() => REAL);
    const schema = { fingerprint: () => '', apply: () => Promise.reject(new Error('no schema')) };
    const isolation = place.isolation({ providers: [database], schema });
    await isolation.run('never', () => undefined).catch(() => undefined);
    expect(database.get()).to.equal(REAL);
  });
});

/** Lets later code run in the async context of the caller. */
function asyncContext(): <T>(body: () => T) => T {
  return AsyncResource.bind((body) => body());
}
