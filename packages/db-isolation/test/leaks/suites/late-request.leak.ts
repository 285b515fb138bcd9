import express from 'express';
import { answerErrors } from '../support/app.ts';
import { database, expectTemplate, gate, listenBefore, postNote } from '../support/index.ts';

describe('late-request', () => {
  const nextTest = gate();
  const answered = gate();
  const arrived = gate();
  const app = express()
    .post('/notes', async (_request, response) => {
      arrived.open();
      await nextTest.passed;
      await database.get()('note').insert({ text: 'by a slow route' });
      response.status(201).end();
    })
    .use(answerErrors);
  const server = listenBefore(() => app);

  it('plants a request that is sent and forgotten', async () => {
    void postNote(server.url, 'ignored').then(answered.open, answered.open);
    await arrived.passed;
  });

  it('starts from the template, and stays so', async () => {
    nextTest.open();
    await answered.passed;
    await expectTemplate();
  });
});
