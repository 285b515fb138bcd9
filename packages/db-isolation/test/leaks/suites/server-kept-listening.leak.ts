import type { Server } from 'node:http';
import { createApp } from '../support/app.ts';
import { db, expectTemplate, listen, postNote, urlOf } from '../support/index.ts';

describe('server-kept-listening', () => {
  let server: Server | undefined;
  after(() => {
    server?.closeAllConnections();
    server?.close();
  });

  it('plants a server of an app with its handle that goes on listening', async () => {
    const handle = db();
    server = await listen(createApp(() => handle));
    await postNote(urlOf(server), 'by the test');
  });

  it('starts from the template, whatever that server is sent', async () => {
    await postNote(urlOf(server), 'by somebody else');
    await expectTemplate();
  });
});
