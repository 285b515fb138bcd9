import { db, expectAsInProduction, expectTemplate, fails } from '../support/index.ts';

describe('deferred-constraint', () => {
  it('plants a row that violates a deferred constraint, which COMMIT has to refuse', async () => {
    const refused = await fails(
      db().transaction(async (transaction) => {
        await transaction('note').insert({ text: 'by nobody', author_id: 99 });
      }),
    );
    expectAsInProduction(refused, 'COMMIT accepted a row without its parent');
  });

  it('starts from the template', () => expectTemplate());
});
