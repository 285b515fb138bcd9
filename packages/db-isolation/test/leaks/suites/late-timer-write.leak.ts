import { database, expectTemplate, fails, lateWork } from '../support/index.ts';

describe('late-timer-write', () => {
  const late = lateWork();

  it('plants a timer that writes through the app’s factory', () => {
    late.fromTimer(() => fails(Promise.resolve().then(() => database.get()('note').insert({ text: 'late' }))));
  });

  it('starts from the template, and stays so', async () => {
    await late.happensNow();
    await expectTemplate();
  });
});
