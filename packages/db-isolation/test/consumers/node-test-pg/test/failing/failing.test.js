import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isolateEachTest } from '@acme/db-isolation/runners/node-test';
import { isolation } from '../isolation.js';

describe('tests that fail', () => {
  const database = isolateEachTest(isolation);

  it('fails on purpose', async () => {
    await database.db.query("insert into note (text) values ('written by the failing test')");
    assert.deepEqual((await database.db.query('select text from note')).rows, []);
  });

  it('leaks a transaction', async () => {
    const connection = await database.db.connect();
    await connection.query('begin');
    await connection.query("insert into note (text) values ('never committed')");
  });

  it('passes beside them', async () => {
    assert.deepEqual((await database.db.query('select text from note')).rows, []);
  });
});
