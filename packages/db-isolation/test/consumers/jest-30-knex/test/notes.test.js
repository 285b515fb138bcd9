const { isolateEachTest } = require('@acme/db-isolation/runners/jest');
const request = require('supertest');
const { createApp } = require('../src/app');
const { isolation } = require('./isolation');

const database = isolateEachTest(isolation);

describe('a pair of tests that would leak into each other', () => {
  for (const which of ['one', 'the other']) {
    test(`starts without notes and commits one: ${which}`, async () => {
      expect(await database.db('note').pluck('text')).toEqual([]);
      expect(await database.db('note').insert({ text: which })).toEqual([1]);
    });
  }
});

describe('the app over HTTP', () => {
  for (const which of ['one', 'the other']) {
    test(`uses the database of the test that asks: ${which}`, async () => {
      const app = createApp(database.db);
      await request(app).post('/notes').send({ text: which }).expect(201);
      await request(app).get('/notes').expect(200, [which]);
      expect(await database.db('note').pluck('text')).toEqual([which]);
    });
  }
});
