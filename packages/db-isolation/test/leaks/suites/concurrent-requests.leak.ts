import { createApp } from '../support/app.ts';
import { db, expectTemplate, listenBefore, polluted, postNote } from '../support/index.ts';

describe('concurrent-requests', () => {
  const server = listenBefore(() => createApp());

  async function postMany(): Promise<void> {
    const texts = Array.from({ length: 20 }, (_, index) => `note ${index}`);
    await Promise.all(texts.map((text) => postNote(server.url, text)));
    const [row] = await db()('note').count({ count: '*' });
    if (Number(row?.['count']) !== 21) polluted('notes', `${row?.['count']} instead of 21`);
  }

  it('plants 20 requests at once to a server that listens since before()', postMany);

  it('starts from the template, and gets its own 20', async () => {
    await expectTemplate();
    await postMany();
  });
});
