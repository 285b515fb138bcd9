import { tmpdir } from 'node:os';
import { db, expectTemplate } from '../support/index.ts';

describe('changed-directory', () => {
  const before = process.cwd();
  after(() => process.chdir(before));

  it('plants another working directory', async () => {
    process.chdir(tmpdir());
    await db()('note').insert({ text: 'from elsewhere' });
  });

  it('starts from the template', () => expectTemplate());
});
