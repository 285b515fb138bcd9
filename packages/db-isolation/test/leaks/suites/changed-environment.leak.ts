import request from 'supertest';
import { createApp } from '../support/app.ts';
import { db, expectNotes, expectTemplate, productionUrl } from '../support/index.ts';

const CHANGED = { DATABASE_URL: productionUrl, TMPDIR: '/nowhere', DB_ISOLATION_DIR: '/nowhere', PGHOST: 'nowhere' };

describe('changed-environment', () => {
  const before = { ...process.env };
  after(() => {
    for (const name of Object.keys(CHANGED)) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  });

  it('plants environment variables that factories read', async () => {
    Object.assign(process.env, CHANGED);
    await db()('note').insert({ text: 'by the test' });
  });

  it('starts from the template, and so does the app', async () => {
    await expectTemplate();
    await request(createApp()).post('/notes').send({ text: 'mine' }).expect(201);
    await expectNotes('mine');
  });
});
