import { db, expectTemplate } from '../support/index.ts';

describe('failing-hook', () => {
  describe('plants rows in a hook that fails', () => {
    beforeEach(async () => {
      await db()('note').insert({ text: 'by a hook' });
      await db().schema.createTable('extra', (table) => table.increments('id'));
      throw new Error('fails on purpose');
    });
    it('so that this one never runs', () => undefined);
  });

  describe('afterwards', () => {
    it('a test starts from the template', () => expectTemplate());
  });
});
