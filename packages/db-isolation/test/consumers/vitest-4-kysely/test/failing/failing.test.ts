import { isolateEachTest } from '@acme/db-isolation/runners/vitest';
import { describe, expect, it } from 'vitest';
import { isolation } from '../isolation.ts';

describe('tests that fail', () => {
  const database = isolateEachTest(isolation);

  it('fails on purpose', async () => {
    await database.db.insertInto('note').values({ text: 'written by the failing test' }).execute();
    expect(await database.db.selectFrom('note').select('text').execute()).toEqual([]);
  });

  it('leaks a transaction', async () => {
    const transaction = await database.db.startTransaction().execute();
    await transaction.insertInto('note').values({ text: 'never committed' }).execute();
  });

  it('passes beside them', async () => {
    expect(await database.db.selectFrom('note').selectAll().execute()).toEqual([]);
  });
});
