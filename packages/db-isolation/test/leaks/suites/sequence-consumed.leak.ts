import { db, expectTemplate } from '../support/index.ts';

describe('sequence-consumed', () => {
  it('plants rows that are inserted and deleted again', async () => {
    await db()('note').insert([{ text: 'one' }, { text: 'two' }]);
    await db()('note').where('text', '<>', 'template').del();
  });

  it('starts from the template', () => expectTemplate());
});
