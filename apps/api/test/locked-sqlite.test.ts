import Database from 'better-sqlite3';
import { expect } from 'chai';
import { createApp } from '../src/app.ts';
import { migrate } from '../src/db/migrate.ts';
import { request } from './support/api.ts';
import { onlyOn } from './support/engine.ts';
import { ownDatabases } from './support/own-databases.ts';

// On servers nobody locks the whole database.
onlyOn('sqlite', () =>
  describe('while another process writes to the file', () => {
    const ownDatabase = ownDatabases();

    it('a read is answered with the state before that', async () => {
      const { url, open } = await ownDatabase();
      const db = open();
      await migrate(db);
      const api = request(createApp(db));
      await api.post('/api/v1/invoices').send({ id: 'A', line_items: [{ line_number: 1 }] });

      const writer = new Database(url.slice('sqlite://'.length));
      try {
        writer.exec("BEGIN IMMEDIATE; UPDATE invoices SET review_version = 7 WHERE id = 'A'");
        for (const path of ['/api/v1/invoices/A', '/api/hitl/invoice/A', '/api/hitl/invoices', '/api/v1/invoices']) {
          const { status, text } = await api.get(path);
          expect([path, status], text).to.deep.equal([path, 200]);
          expect(text).to.not.contain('"review_version":7');
        }
      } finally {
        writer.close();
      }
    });

    it('a write that has waited too long is answered with 503, and nothing is written', async () => {
      const { url, open } = await ownDatabase();
      const db = open();
      await migrate(db);
      await db.raw('PRAGMA busy_timeout = 10');
      const api = request(createApp(db));

      const writer = new Database(url.slice('sqlite://'.length));
      try {
        writer.exec('BEGIN IMMEDIATE');
        const { status, body, headers } = await api.post('/api/v1/invoices').send({ id: 'A' });
        expect([status, headers['retry-after']], JSON.stringify(body)).to.deep.equal([503, '1']);
      } finally {
        writer.close();
      }
      expect((await api.get('/api/v1/invoices/A')).status).to.equal(404);
      expect((await api.post('/api/v1/invoices').send({ id: 'A' })).status).to.equal(201);
    });
  }),
);
