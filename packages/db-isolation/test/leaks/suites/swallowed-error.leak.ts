import express from 'express';
import request from 'supertest';
import { connectTo, engine, expectTemplate, productionUrl } from '../support/index.ts';

const app = express().post('/notes', async (_request, response) => {
  const handle = connectTo(productionUrl, engine);
  try {
    await handle('note').insert({ text: 'to production' });
  } catch {
    // "not important"
  } finally {
    await handle.destroy();
  }
  response.json({ ok: true });
});

describe('swallowed-error', () => {
  it('plants a route that opens production, catches every error and answers 200', async () => {
    await request(app).post('/notes').expect(200);
  });

  it('starts from the template', () => expectTemplate());
});
