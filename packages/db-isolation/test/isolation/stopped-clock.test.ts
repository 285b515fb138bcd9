import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers/promises';
import { expect } from 'chai';
import { onEachEngine } from './each-engine.ts';

const REAL = {
  global: { Date, setTimeout, setImmediate },
  timers: { setTimeout: timers.setTimeout, setImmediate: timers.setImmediate },
  now: performance.now,
};

onEachEngine('a test that stops the clock and does not start it again', (place) => {
  afterEach(startClock);

  it('gives its database back, with what it left open', async () => {
    const isolation = place.isolation();
    const lease = await isolation.acquire();
    const transaction = await lease.db.transaction();
    transaction.executionPromise.catch(() => undefined);
    stopClock('2026-01-01');
    const { leaks } = await lease.release();
    expect(leaks.map(({ kind }) => kind)).to.deep.equal(['open-transaction']);
    await isolation.run('the next test', async ({ db }) => expect(await db('note')).to.have.length(1));
  });

  it('changes nothing about what is kept, and for how long', async () => {
    const isolation = place.isolation();
    for (const date of ['1970-01-01', '2000-01-01', '2099-01-01']) {
      const lease = await isolation.acquire();
      stopClock(date);
      const { kept } = await lease.release({ failed: true });
      if (place.engine === 'sqlite') expect(kept?.url, date).to.match(/kept-\d{13}-/);
      expect(await isolation.sweep()).to.include({ kept: 0 });
      startClock();
      expect(await isolation.sweep()).to.include({ kept: 0 });
      await kept?.discard();
    }
  });
});

/** What libraries for fake timers do: time stands still, and nothing that waits for it goes on. */
function stopClock(date: string): void {
  const never = () => new Promise(() => undefined);
  const FrozenDate = class extends REAL.global.Date {
    static override now = () => Date.parse(date);
  };
  const timer = { ref: () => timer, unref: () => timer };
  const setNothing = () => timer;
  Object.assign(globalThis, { Date: FrozenDate, setTimeout: setNothing, setImmediate: setNothing });
  Object.assign(timers, { setTimeout: never, setImmediate: never });
  performance.now = () => 0;
  syncBuiltinESMExports();
}

function startClock(): void {
  Object.assign(globalThis, REAL.global);
  Object.assign(timers, REAL.timers);
  performance.now = REAL.now;
  syncBuiltinESMExports();
}
