import express from 'express';
import type { Knex } from 'knex';
import { database } from './database.ts';

/** An app with notes. */
export function createApp(db: () => Knex = () => database.get()): express.Express {
  return express()
    .use(express.json())
    .get('/notes', async (_request, response) => {
      response.json(await db()('note').orderBy('id').pluck('text'));
    })
    .post('/notes', async (request, response) => {
      await db()('note').insert({ text: request.body.text });
      response.status(201).end();
    })
    .use(answerErrors);
}

/** So that Express does not print what routes throw. */
export function answerErrors(
  error: unknown,
  _request: express.Request,
  response: express.Response,
  _next: express.NextFunction,
): void {
  response.status(500).send(String(error));
}
