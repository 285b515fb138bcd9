import { basename, dirname, join } from 'node:path';
import type { Knex } from 'knex';
import { connectTo, engine, expectTemplate, productionUrl } from '../support/index.ts';

function byAnotherName(): string {
  if (engine !== 'sqlite') return productionUrl.replace('127.0.0.1', 'localhost');
  const folder = dirname(productionUrl);
  return join(folder, '..', basename(folder), '.', basename(productionUrl)).replace(folder, `${folder}//.`);
}

describe('real-database-by-another-name', () => {
  let handle: Knex;
  after(() => handle?.destroy());

  it('plants a connection to production by another path or host name', async () => {
    handle = connectTo(byAnotherName(), engine);
    await handle('note').insert({ text: 'to production' });
  });

  it('starts from the template', () => expectTemplate());
});
