import { database, expectTemplate, lateWork } from '../support/index.ts';

describe('late-get', () => {
  const late = lateWork();

  it('plants a timer that only asks the app’s factory for the database', () => {
    late.fromTimer(() => {
      try {
        database.get();
      } catch {
        // "not important"
      }
    });
  });

  it('starts from the template, and stays so', async () => {
    await late.happensNow();
    await expectTemplate();
  });
});
