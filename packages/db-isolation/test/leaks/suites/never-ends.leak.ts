import { db, expectTemplate } from '../support/index.ts';

describe('never-ends', () => {
  it('plants a body that waits for ever', async function () {
    await db()('note').insert({ text: 'before the end' });
    this.timeout(1);
    await new Promise(() => undefined);
  });

  it('starts from the template', () => expectTemplate());
});
