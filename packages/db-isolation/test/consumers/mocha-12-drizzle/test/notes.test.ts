import { expect } from 'chai';
import request from 'supertest';
import { createApp } from '../src/app.ts';
import { note } from '../src/schema.ts';
import { isolation } from './isolation.ts';

const database = () => isolation.current().db;
const texts = async () => (await database().select().from(note)).map(({ text }) => text);

describe('a pair of tests that would leak into each other', () => {
  for (const which of ['one', 'the other']) {
    it(`starts without notes and commits one: ${which}`, async () => {
      expect(await texts()).to.deep.equal([]);
      const rows = await database().insert(note).values({ text: which }).returning();
      expect(rows).to.deep.equal([{ id: 1, text: which }]);
    });
  }
});

describe('the app over HTTP', () => {
  for (const which of ['one', 'the other']) {
    it(`uses the database of the test that asks: ${which}`, async () => {
      const app = createApp(database());
      await request(app).post('/notes').send({ text: which }).expect(201);
      await request(app).get('/notes').expect(200, [which]);
      expect(await texts()).to.deep.equal([which]);
    });
  }
});
