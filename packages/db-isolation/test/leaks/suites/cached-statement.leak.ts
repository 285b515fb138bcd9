import { db, expectNotes, expectTemplate, fails } from '../support/index.ts';

interface Statement {
  run(text: string): void;
}
let cached: Statement | undefined;

async function addNote(text: string): Promise<void> {
  const { client } = db();
  if (!cached) {
    const connection = await client.acquireConnection();
    cached = connection.prepare('insert into note (text) values (?)') as Statement;
    await client.releaseConnection(connection);
  }
  cached.run(text);
}

describe('cached-statement', () => {
  it('plants a prepared statement that the app caches', () => addNote('first'));

  it('starts from the template, and nothing is lost in silence', async () => {
    await expectTemplate();
    await expectNotes(...((await fails(addNote('second'))) ? [] : ['second']));
  });
});
