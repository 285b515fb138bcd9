import { configuredUrl, connectTo, database, engine, expectTemplate } from '../support/index.ts';

describe('overridden-twice', () => {
  const other = connectTo(configuredUrl, engine);
  after(() => other.destroy());

  it('plants an override of a factory that is overridden already', async () => {
    database.override(other);
    await database.get()('note').insert({ text: 'through the override' });
  });

  it('starts from the template, and so does the app', async () => {
    await expectTemplate();
    await expectTemplate(database.get());
  });
});
