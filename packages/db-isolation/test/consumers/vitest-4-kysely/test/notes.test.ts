import { isolateEachTest } from '@acme/db-isolation/runners/vitest';
import type { Kysely } from 'kysely';
import request from 'supertest';
import { describe, expect, it } from 'vitest';
import { createApp, type Database } from '../src/app.ts';
import { isolation, test } from './isolation.ts';

const texts = async (db: Kysely<Database>) =>
  (await db.selectFrom('note').select('text').execute()).map(({ text }) => text);

describe('a pair of tests that would leak into each other', () => {
  const database = isolateEachTest(isolation);

  for (const which of ['one', 'the other']) {
    it(`starts without notes and commits one: ${which}`, async () => {
      expect(await texts(database.db)).toEqual([]);
      const { id } = await database.db
        .insertInto('note')
        .values({ text: which })
        .returning('id')
        .executeTakeFirstOrThrow();
      expect(id).toBe(1);
    });
  }
});

describe('tests that run at the same time', () => {
  for (const which of ['one', 'two', 'three']) {
    test.concurrent(`sees its own notes only: ${which}`, async ({ db, expect }) => {
      await db.insertInto('note').values({ text: which }).execute();
      expect(await texts(db)).toEqual([which]);
    });
  }
});

describe('the app over HTTP', () => {
  for (const which of ['one', 'the other']) {
    test(`uses the database of the test that asks: ${which}`, async ({ db }) => {
      const app = createApp(db);
      await request(app).post('/notes').send({ text: which }).expect(201);
      await request(app).get('/notes').expect(200, [which]);
      expect(await texts(db)).toEqual([which]);
    });
  }
});
