import { symlinkSync } from 'node:fs';
import type { Knex } from 'knex';
import { connectTo, engine, expectTemplate, productionUrl } from '../support/index.ts';

describe('symlink', () => {
  let handle: Knex;
  after(() => handle?.destroy());

  it('plants a connection to production by a symbolic link', async () => {
    const link = `${productionUrl}-link-${process.pid}`;
    symlinkSync(productionUrl, link);
    handle = connectTo(link, engine);
    await handle('note').insert({ text: 'to production' });
  });

  it('starts from the template', () => expectTemplate());
});
