import type { Knex } from 'knex';
import request from 'supertest';
import { createApp } from '../support/app.ts';
import { configuredUrl, connectTo, engine, expectTemplate } from '../support/index.ts';

describe('module-level-handle', () => {
  const handle: Knex = connectTo(configuredUrl, engine);
  after(() => handle.destroy());

  it('plants a route that uses a handle made at import time', async () => {
    await request(createApp(() => handle))
      .post('/notes')
      .send({ text: 'by the module’s handle' });
  });

  it('starts from the template', () => expectTemplate());
});
