const { expect } = require('chai');
const request = require('supertest');
const { app } = require('../src/app');
const { isolation } = require('./isolation');

const notes = () => isolation.current().db('note').pluck('text');

describe('a pair of tests that would leak into each other', () => {
  for (const which of ['one', 'the other']) {
    it(`starts without notes and commits one: ${which}`, async () => {
      expect(await notes()).to.deep.equal([]);
      const [id] = await isolation.current().db('note').insert({ text: which });
      expect(id).to.equal(1);
    });
  }
});

describe('the app over HTTP', () => {
  for (const which of ['one', 'the other']) {
    it(`uses the database of the test that asks: ${which}`, async () => {
      await request(app).post('/notes').send({ text: which }).expect(201);
      await request(app).get('/notes').expect(200, [which]);
      expect(await notes()).to.deep.equal([which]);
    });
  }
});
