import { db, expectTemplate, lateWork } from '../support/index.ts';

describe('done-twice', () => {
  const late = lateWork();

  it('plants a second call of done()', (done) => {
    late.fromTimer(() => done());
    db()('note')
      .insert({ text: 'by the test' })
      .then(() => done(), done);
  });

  it('starts from the template, and stays so', async () => {
    await late.happensNow();
    await expectTemplate();
  });
});
