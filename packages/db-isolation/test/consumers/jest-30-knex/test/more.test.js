const { isolateEachTest } = require('@acme/db-isolation/runners/jest');
const { isolation } = require('./isolation');

const database = isolateEachTest(isolation);

test('another file starts without notes too', async () => {
  expect(await database.db('note')).toEqual([]);
  await database.db('note').insert({ text: 'of another file', id: 1 });
});
