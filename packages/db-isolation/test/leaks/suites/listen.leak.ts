import { db, expectTemplate } from '../support/index.ts';

describe('listen', () => {
  it('plants a LISTEN on a pooled connection', async () => {
    await db().raw('listen notes');
  });

  it('starts from the template', () => expectTemplate());
});
