import { db, expectTemplate, fails, lateWork } from '../support/index.ts';

describe('captured-handle', () => {
  const late = lateWork();

  it('plants a timer that writes through a handle which it has captured', () => {
    const handle = db();
    late.fromTimer(() => fails(handle('note').insert({ text: 'late' })));
  });

  it('starts from the template, and stays so', async () => {
    await late.happensNow();
    await expectTemplate();
  });
});
