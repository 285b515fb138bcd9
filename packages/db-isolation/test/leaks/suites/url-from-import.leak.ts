import type { Knex } from 'knex';
import request from 'supertest';
import { createApp } from '../support/app.ts';
import { connectTo, engine, expectTemplate } from '../support/index.ts';

const config = { url: process.env['DATABASE_URL'] ?? '' };

describe('url-from-import', () => {
  const opened: Knex[] = [];
  after(() => Promise.all(opened.map((handle) => handle.destroy())));
  const connect = () => {
    const handle = connectTo(config.url, engine);
    opened.push(handle);
    return handle;
  };

  it('plants a connection to the URL that was read at import time', async () => {
    await request(createApp(connect)).post('/notes').send({ text: 'to the configured database' });
  });

  it('starts from the template', () => expectTemplate());
});
