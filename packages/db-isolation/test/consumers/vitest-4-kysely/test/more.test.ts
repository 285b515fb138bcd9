import { expect } from 'vitest';
import { test } from './isolation.ts';

test('another file starts without notes too', async ({ db }) => {
  expect(await db.selectFrom('note').selectAll().execute()).toEqual([]);
  await db.insertInto('note').values({ text: 'of another file' }).execute();
});
