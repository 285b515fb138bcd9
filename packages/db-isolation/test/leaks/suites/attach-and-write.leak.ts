import { db, expectTemplate, productionUrl } from '../support/index.ts';

describe('attach-and-write', () => {
  it('plants an ATTACH of production, a write and a DETACH', async () => {
    await db().raw('attach database ? as production', [productionUrl]);
    await db().raw("insert into production.note (text) values ('to production')");
    await db().raw('detach database production');
  });

  it('starts from the template', () => expectTemplate());
});
