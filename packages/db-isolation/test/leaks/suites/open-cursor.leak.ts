import { once } from 'node:events';
import { db, engine, expectTemplate } from '../support/index.ts';

// More than the driver takes before it waits for somebody to read.
const MANY_ROWS = 'select a.* from information_schema.collations a, information_schema.collations b';

async function openCursor(): Promise<void> {
  if (engine === 'mysql') {
    const rows = db().raw(MANY_ROWS).stream({ highWaterMark: 1 });
    await once(rows, 'readable');
    rows.read();
    return;
  }
  const { client } = db();
  const connection = await client.acquireConnection();
  if (engine === 'sqlite') connection.prepare('select * from note').iterate().next();
  else await connection.query('declare notes cursor with hold for select * from note');
  await client.releaseConnection(connection);
}

describe('open-cursor', () => {
  it('plants a cursor that is not read to its end', async () => {
    await db()('note').insert({ text: 'a second one' });
    await openCursor();
  });

  it('starts from the template', () => expectTemplate());
});
