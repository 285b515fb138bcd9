import { connectTo, engine, expectTemplate, fails, lateWork, urlOfTest } from '../support/index.ts';

describe('kept-url', () => {
  const late = lateWork();

  it('plants a timer that opens the database by its URL when the test has ended', () => {
    const url = urlOfTest();
    late.fromTimer(async () => {
      const handle = connectTo(url, engine);
      await fails(handle('note').insert({ text: 'late' }));
      await handle.destroy();
    });
  });

  it('starts from the template, and stays so', async () => {
    await late.happensNow();
    await expectTemplate();
  });
});
