import { db, expectTemplate } from '../support/index.ts';

describe('failing-after-hook', () => {
  describe('plants rows in an afterEach() that fails', () => {
    afterEach(async () => {
      await db()('note').insert({ text: 'by a hook' });
      throw new Error('fails on purpose');
    });
    it('so that the rest of this block never runs', () => undefined);
  });

  describe('afterwards', () => {
    it('a test starts from the template', () => expectTemplate());
  });
});
