import { db, expectTemplate, fails } from '../support/index.ts';

describe('failed-commit', () => {
  it('plants a COMMIT that fails and is not followed by a ROLLBACK', async () => {
    await fails(db().raw('begin'));
    await db()('note').insert({ text: 'by nobody', author_id: 99 });
    await fails(db().raw('commit'));
  });

  it('starts from the template', () => expectTemplate());
});
