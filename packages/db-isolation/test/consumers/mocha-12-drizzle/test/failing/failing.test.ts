import { expect } from 'chai';
import { sql } from 'drizzle-orm';
import { note } from '../../src/schema.ts';
import { isolation } from '../isolation.ts';

describe('tests that fail', () => {
  it('fails on purpose', async () => {
    await isolation.current().db.insert(note).values({ text: 'written by the failing test' });
    expect(await isolation.current().db.select().from(note)).to.deep.equal([]);
  });

  it('leaks a transaction', async () => {
    const { db } = isolation.current();
    db.run(sql`begin`);
    await db.insert(note).values({ text: 'never committed' });
  });

  it('passes beside them', async () => {
    expect(await isolation.current().db.select().from(note)).to.deep.equal([]);
  });
});
