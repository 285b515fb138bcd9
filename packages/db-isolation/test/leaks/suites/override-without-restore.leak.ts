import { connectTo, database, db, engine, expectNotes, expectTemplate, productionUrl } from '../support/index.ts';

describe('override-without-restore', () => {
  describe('plants an override that nobody takes back', () => {
    const other = connectTo(productionUrl, engine);
    before(() => {
      database.override(other);
    });
    after(() => other.destroy());
    it('in before()', () => db()('note').insert({ text: 'by the test' }));
  });

  describe('afterwards', () => {
    it('a test starts from the template, and so does the app', async () => {
      await expectTemplate();
      await database.get()('note').insert({ text: 'mine' });
      await expectNotes('mine');
    });
  });
});
