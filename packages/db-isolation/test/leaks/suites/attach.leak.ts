import { db, expectTemplate, productionUrl } from '../support/index.ts';

describe('attach', () => {
  it('plants an ATTACH of production, and reads it', async () => {
    await db().raw('attach database ? as production', [productionUrl]);
    await db().raw('select * from production.note');
  });

  it('starts from the template', () => expectTemplate());
});
