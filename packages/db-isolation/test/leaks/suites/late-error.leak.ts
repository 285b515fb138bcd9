import { db, expectTemplate, lateWork } from '../support/index.ts';

describe('late-error', () => {
  const late = lateWork();

  it('plants a timer that throws', async () => {
    await db()('note').insert({ text: 'by the test' });
    late.fromTimer(() => {
      throw new Error('thrown by a timer on purpose');
    });
  });

  it('starts from the template, and is not blamed', async () => {
    await late.happensNow();
    await expectTemplate();
  });
});
