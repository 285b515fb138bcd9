import { db, expectTemplate, isNextRun } from '../support/index.ts';

describe('process-exit', () => {
  if (!isNextRun) {
    it('plants process.exit(0)', async () => {
      await db()('note').insert({ text: 'by a process that exits' });
      process.exit(0);
    });
  }

  it('starts from the template', () => expectTemplate());
});
