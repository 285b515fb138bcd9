const { isolateEachTest } = require('@acme/db-isolation/runners/jest');
const { isolation } = require('../isolation');

describe('tests that fail', () => {
  const database = isolateEachTest(isolation);

  test('fails on purpose', async () => {
    await database.db('note').insert({ text: 'written by the failing test' });
    expect(await database.db('note').pluck('text')).toEqual([]);
  });

  test('leaks a transaction', async () => {
    const transaction = await database.db.transaction();
    await transaction('note').insert({ text: 'never committed' });
  });

  test('passes beside them', async () => {
    expect(await database.db('note')).toEqual([]);
  });
});
