import { expect } from 'chai';
import { note } from '../src/schema.ts';
import { isolation } from './isolation.ts';

describe('another file', () => {
  it('starts without notes too', async () => {
    expect(await isolation.current().db.select().from(note)).to.deep.equal([]);
    await isolation.current().db.insert(note).values({ text: 'of another file' });
  });
});
