import { setImmediate } from 'node:timers/promises';
import { db, expectTemplate, gate } from '../support/index.ts';

describe('unhandled-rejection', () => {
  const nextTest = gate();

  it('plants a rejected promise that nobody handles', async () => {
    await db()('note').insert({ text: 'by the test' });
    void nextTest.passed.then(() => {
      throw new Error('rejected on purpose');
    });
  });

  it('starts from the template, and is not blamed', async () => {
    nextTest.open();
    await setImmediate();
    await expectTemplate();
  });
});
