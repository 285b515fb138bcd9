import { setImmediate } from 'node:timers/promises';
import { database, expectTemplate, gate } from '../support/index.ts';

describe('late-promise', () => {
  const nextTest = gate();

  it('plants a promise that nobody awaits and that writes later', () => {
    void nextTest.passed.then(() => database.get()('note').insert({ text: 'late' }));
  });

  it('starts from the template, and stays so', async () => {
    nextTest.open();
    await setImmediate();
    await expectTemplate();
  });
});
