import request from 'supertest';
import { createApp } from '../support/app.ts';
import { db, polluted } from '../support/index.ts';

describe('hard-coded-id', () => {
  it('plants notes through the app', async () => {
    for (const text of ['one', 'two']) await request(createApp()).post('/notes').send({ text }).expect(201);
  });

  it('can rely on the next id', async () => {
    await request(createApp()).post('/notes').send({ text: 'mine' }).expect(201);
    const row = await db()('note').where({ text: 'mine' }).first('id');
    if (row?.id !== 2) polluted('id', `${row?.id} instead of 2`);
  });
});
