import { db, expectTemplate } from '../support/index.ts';

describe('unreleased-connection', () => {
  it('plants a connection that is taken from the pool and not given back', async () => {
    await db().client.acquireConnection();
  });

  it('starts from the template', () => expectTemplate());
});
