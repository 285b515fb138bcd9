const express = require('express');
const { database } = require('./database');

const app = express();
app.use(express.json());

app.get('/notes', async (_request, response) => {
  response.json(await database.get()('note').orderBy('id').pluck('text'));
});

app.post('/notes', async (request, response) => {
  await database.get().transaction((transaction) => transaction('note').insert({ text: request.body.text }));
  response.status(201).end();
});

exports.app = app;
