const express = require('express');

exports.createApp = function createApp(db) {
  const app = express();
  app.use(express.json());
  app.get('/notes', async (_request, response) => {
    response.json(await db('note').orderBy('id').pluck('text'));
  });
  app.post('/notes', async (request, response) => {
    await db.transaction((transaction) => transaction('note').insert({ text: request.body.text }));
    response.status(201).end();
  });
  return app;
};
