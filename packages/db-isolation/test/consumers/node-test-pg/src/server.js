import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';

/** An app that is given its pool. */
export function createApp(pool) {
  return createServer(async (request, response) => {
    if (request.method === 'POST') {
      const { text } = await json(request);
      const connection = await pool.connect();
      try {
        await connection.query('begin');
        await connection.query('insert into note (text) values ($1)', [text]);
        await connection.query('commit');
      } finally {
        connection.release();
      }
      response.writeHead(201).end();
      return;
    }
    const { rows } = await pool.query('select text from note order by id');
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(rows.map(({ text }) => text)));
  });
}
