import { existsSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Lease } from '@acme/db-isolation';
import { expect } from 'chai';
import type { Knex } from 'knex';
import { clientThatCannotClose } from '../support/clients.ts';
import { failure, rejection } from '../support/rejections.ts';
import { fileOf, useWorkspace } from '../support/workspace.ts';

describe('isolation.run', () => {
  const workspace = useWorkspace();

  it('answers what the body answers and removes the database', async () => {
    let file = '';
    const answer = await workspace.isolation().run('adds', async (lease) => {
      file = fileOf(lease);
      expect(lease.title).to.equal('adds');
      return (await lease.db('note').insert({ text: 'mine' }))[0];
    });
    expect(answer).to.equal(2);
    expect(existsSync(dirname(file))).to.equal(false);
  });

  it('takes a body that is not async', async () => {
    expect(await workspace.isolation().run('plain', ({ title }) => title.length)).to.equal(5);
    const thrown = new Error('synchronous');
    expect(await rejection(workspace.isolation().run('throws', () => { throw thrown; }))).to.equal(thrown); // biome-ignore format: one line
  });

  it("rejects with the body's own error, and releases as failed", async () => {
    const thrown = new Error('expected 1 to equal 2');
    let file = '';
    const isolation = workspace.isolation({ keep: 'failed' });
    const error = await rejection(
      isolation.run('fails', (lease) => {
        file = fileOf(lease);
        throw thrown;
      }),
    );
    expect(error).to.equal(thrown);
    expect(existsSync(file)).to.equal(false);
    expect(workspace.names('kept')).to.have.length(1);
  });

  it("puts the body's error first when the release fails as well", async () => {
    let db: unknown;
    const isolation = workspace.isolation({ client: clientThatCannotClose((other) => other === db) });
    const error = await rejection(
      isolation.run('fails twice', (lease) => {
        db = lease.db;
        throw new Error('the body');
      }),
    );
    expect(error).to.be.instanceOf(AggregateError);
    const [first, second] = (error as AggregateError).errors;
    expect(first.message).to.equal('the body');
    expect(second).to.include({ code: 'DBI_RELEASE_FAILED' });
    expect(second.message).to.contain('"fails twice"').and.to.contain('cannot close');
  });

  it('rejects when only the release fails, and removes the database all the same', async () => {
    let file = '';
    let db: unknown;
    const isolation = workspace.isolation({ client: clientThatCannotClose((other) => other === db) });
    const body = (lease: Lease<Knex>) => {
      file = fileOf(lease);
      db = lease.db;
    };
    await failure('DBI_RELEASE_FAILED', () => isolation.run('cannot close', body));
    expect(existsSync(dirname(file))).to.equal(false);
  });

  it('does not call the body when there is no database for it, and says why each time', async () => {
    const isolation = workspace.isolation({
      schema: { fingerprint: () => 'x', apply: () => Promise.reject(new Error('no such schema')) },
    });
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const error = await rejection(isolation.run('never', () => expect.fail('the body ran')));
      expect(error.message).to.equal('no such schema');
    }
  });

  it('may run inside itself: the inner body gets its own database, the outer one keeps its', async () => {
    const isolation = workspace.isolation();
    await isolation.run('outer', async (outer) => {
      await isolation.run('inner', async (inner) => {
        expect(isolation.current()).to.equal(inner);
        await inner.db('note').del();
      });
      expect(isolation.current()).to.equal(outer);
      expect(await outer.db('note').pluck('id')).to.deep.equal([1]);
    });
  });

  it('does not mind that a test removes its own files', async () => {
    await workspace.isolation().run('tidy', (lease) => rmSync(dirname(fileOf(lease)), { recursive: true }));
  });
});
