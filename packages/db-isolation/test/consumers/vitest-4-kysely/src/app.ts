import express, { type Express } from 'express';
import type { Generated, Kysely } from 'kysely';

export interface Database {
  note: { id: Generated<number>; text: string };
}

export function createApp(db: Kysely<Database>): Express {
  const app = express();
  app.use(express.json());
  app.get('/notes', async (_request, response) => {
    const rows = await db.selectFrom('note').select('text').orderBy('id').execute();
    response.json(rows.map(({ text }) => text));
  });
  app.post('/notes', async (request, response) => {
    await db.transaction().execute((transaction) => {
      return transaction.insertInto('note').values({ text: request.body.text }).execute();
    });
    response.status(201).end();
  });
  return app;
}
