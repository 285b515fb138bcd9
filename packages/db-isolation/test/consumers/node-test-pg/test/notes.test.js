import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { isolated, isolateEachTest } from '@acme/db-isolation/runners/node-test';
import { createApp } from '../src/server.js';
import { isolation } from './isolation.js';

const texts = async (pool) => (await pool.query('select text from note order by id')).rows.map(({ text }) => text);

describe('a pair of tests that would leak into each other', () => {
  const database = isolateEachTest(isolation);

  for (const which of ['one', 'the other']) {
    it(`starts without notes and commits one: ${which}`, async () => {
      assert.deepEqual(await texts(database.db), []);
      const { rows } = await database.db.query('insert into note (text) values ($1) returning id', [which]);
      assert.deepEqual(rows, [{ id: 1 }]);
    });
  }
});

describe('tests that run at the same time', { concurrency: true }, () => {
  for (const which of ['one', 'two', 'three']) {
    it(
      `sees its own notes only: ${which}`,
      isolated(isolation, async (_t, { db }) => {
        await db.query('insert into note (text) values ($1)', [which]);
        assert.deepEqual(await texts(db), [which]);
      }),
    );
  }
});

describe('the app over HTTP', () => {
  const database = isolateEachTest(isolation);

  for (const which of ['one', 'the other']) {
    it(`uses the database of the test that asks: ${which}`, async (t) => {
      const server = createApp(database.db).listen(0, '127.0.0.1');
      t.after(() => server.close());
      await once(server, 'listening');
      const url = `http://127.0.0.1:${server.address().port}/`;
      const created = await fetch(url, { method: 'POST', body: JSON.stringify({ text: which }) });
      assert.equal(created.status, 201);
      assert.deepEqual(await (await fetch(url)).json(), [which]);
      assert.deepEqual(await texts(database.db), [which]);
    });
  }
});
