import { db, expectTemplate, isNextRun } from '../support/index.ts';

describe('crash', () => {
  if (!isNextRun) {
    it('plants the death of the process', async () => {
      await db()('note').insert({ text: 'by a process that dies' });
      await db().transaction();
      process.kill(process.pid, 'SIGKILL');
      await new Promise(() => undefined);
    });
  }

  it('starts from the template', () => expectTemplate());
});
