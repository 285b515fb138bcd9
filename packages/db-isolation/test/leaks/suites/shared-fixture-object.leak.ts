import { db, expectNotes, expectTemplate } from '../support/index.ts';

const draft: { id?: number; text: string } = { text: 'draft' };

describe('shared-fixture-object', () => {
  it('plants the id of its row in an object that all tests share', async () => {
    await db()('note').insert(draft);
    const row = await db()('note').where(draft).first();
    draft.id = row.id;
  });

  it('starts from the template, and can insert the object as its own', async () => {
    await expectTemplate();
    await db()('note').insert(draft);
    await expectNotes('draft');
  });
});
