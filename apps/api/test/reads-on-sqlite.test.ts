import Database from 'better-sqlite3';
import { expect } from 'chai';
import request from 'supertest';
import { createApp } from '../src/app.ts';
import { migrate } from '../src/db/migrate.ts';
import { onlyOn } from './support/engine.ts';
import { ownDatabases } from './support/own-databases.ts';

// On a server a read waits for no write anyway.
onlyOn('sqlite', () =>
  describe('a read while another process writes', () => {
    const ownDatabase = ownDatabases();

    it('is answered with the state before the write', async () => {
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
  }),
);
