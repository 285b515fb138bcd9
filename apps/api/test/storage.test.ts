import { readdirSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { dir } from 'tmp-promise';
import { createFileStorage, prepareFileStorage } from '../src/documents/storage.ts';

describe('the storage of documents', () => {
  it('is rid at the start of what killed processes left, and of nothing else', async () => {
    const root = await dir({ unsafeCleanup: true });
    const live = await createFileStorage(root.path).create();
    const incoming = path.dirname(live.path);
    const twoDaysAgo = Date.now() / 1000 - 2 * 86_400;
    for (const name of ['left.part', 'notes.txt']) {
      writeFileSync(path.join(incoming, name), 'half');
      utimesSync(path.join(incoming, name), twoDaysAgo, twoDaysAgo);
    }
    await prepareFileStorage(root.path);
    expect(readdirSync(incoming).sort()).to.deep.equal([path.basename(live.path), 'notes.txt'].sort());
    await live.discard();
    await root.cleanup();
  });
});
