import { db, expectNotes, expectTemplate } from './index.ts';

// Runs in another process at the same time as a suite with a leak.
describe('innocent', () => {
  for (const round of ['first', 'second']) {
    it(`starts from the template, ${round}`, async () => {
      await expectTemplate();
      await db()('note').insert({ text: 'mine' });
      await expectNotes('mine');
    });
  }
});
