import { database, db, expectTemplate } from '../support/index.ts';

describe('rows-in-before', () => {
  describe('plants rows through the app’s factory in before()', () => {
    before(() => database.get()('note').insert({ text: 'for all tests' }));
    after(() => database.get().destroy());
    it('which each test should see', () => db()('note'));
  });

  describe('afterwards', () => {
    it('a test starts from the template', () => expectTemplate());
  });
});
