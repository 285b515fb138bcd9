import { customSchema } from '@acme/db-isolation/schemas/custom-schema';
import { expect } from 'chai';
import type { Knex } from 'knex';
import { schemaContract } from '../contracts/schema-contract.ts';
import { rejection } from '../support/rejections.ts';
import { useWorkspace } from '../support/workspace.ts';

schemaContract('customSchema', {
  source: (_workspace, _id, words) =>
    customSchema<Knex>({
      fingerprint: async () => words.join(),
      async apply(db) {
        await db.schema.createTable('word', (table) => table.text('text'));
        await db('word').insert(words.map((text) => ({ text })));
      },
    }),
});

describe('customSchema', () => {
  const workspace = useWorkspace();

  it('hands over the client, SQL execution and the address of the database that is being built', async () => {
    let url = '';
    const schema = customSchema<Knex>({
      fingerprint: 'v1',
      async apply(db, tools) {
        await tools.execute("create table word (text text); insert into word values ('one')");
        await db('word').insert({ text: 'two' });
        url = tools.url;
      },
    });
    await workspace.isolation({ schema }).run('reads', async (lease) => {
      expect(await lease.db('word').pluck('text')).to.deep.equal(['one', 'two']);
      expect(url)
        .to.match(/^sqlite:\/\/\/.+/)
        .and.not.equal(lease.url);
    });
  });

  it('passes on whatever the function throws', async () => {
    const thrown = new Error('no dump found');
    const schema = customSchema({ fingerprint: 'v1', apply: () => Promise.reject(thrown) });
    expect(await rejection(workspace.isolation({ schema }).acquire())).to.equal(thrown);
  });

  it('asks for the fingerprint again after it failed', async () => {
    let calls = 0;
    const schema = customSchema({
      fingerprint() {
        calls += 1;
        if (calls === 1) throw new Error('not yet');
        return 'v1';
      },
      apply: async () => undefined,
    });
    const isolation = workspace.isolation({ schema });
    expect((await rejection(isolation.acquire())).message).to.equal('not yet');
    await isolation.run('works', () => undefined);
  });
});
