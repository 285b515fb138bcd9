import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import express, { type Express } from 'express';
import * as schema from './schema.ts';

export type Database = BetterSQLite3Database<typeof schema>;

export function createApp(db: Database): Express {
  const app = express();
  app.use(express.json());
  app.get('/notes', async (_request, response) => {
    const rows = await db.query.note.findMany({ orderBy: schema.note.id });
    response.json(rows.map(({ text }) => text));
  });
  app.post('/notes', (request, response) => {
    db.transaction((transaction) => transaction.insert(schema.note).values({ text: request.body.text }).run());
    response.status(201).end();
  });
  return app;
}
