import { db, expectNotes, expectTemplate } from '../support/index.ts';

describe('stubbed-clock', () => {
  const real = { setTimeout, setInterval, setImmediate, Date };
  after(() => Object.assign(globalThis, real));

  it('plants timers and a date that stand still', async () => {
    const never = () => ({ ref() {}, unref() {}, hasRef: () => false, refresh() {}, [Symbol.toPrimitive]: () => 0 });
    class StoppedDate extends Date {
      constructor() {
        super(0);
      }
      static override now() {
        return 0;
      }
    }
    Object.assign(globalThis, { setTimeout: never, setInterval: never, setImmediate: never, Date: StoppedDate });
    await db()('note').insert({ text: 'at the beginning of time' });
  });

  it('starts from the template, and can work', async () => {
    await expectTemplate();
    await db()('note').insert({ text: 'mine' });
    await expectNotes('mine');
  });
});
