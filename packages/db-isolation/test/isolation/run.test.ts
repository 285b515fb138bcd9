import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Lease } from '@acme/db-isolation';
import { expect } from 'chai';
import type { Knex } from 'knex';
import { clientThatCannotClose } from '../support/clients.ts';
import { failure, rejection } from '../support/rejections.ts';
import { fileOf, useWorkspace } from '../support/workspace.ts';
import { onEachEngine } from './each-engine.ts';

onEachEngine('isolation.run', (place) => {
  it('answers what the body answers and removes the database', async () => {
    const isolation = place.isolation();
    const answer = await isolation.run('adds', async (lease) => {
      expect(lease.title).to.equal('adds');
      await lease.db('note').insert({ text: 'mine' });
      return lease.db('note').max('id as last').first();
    });
    expect(answer).to.deep.equal({ last: 2 });
    await isolation.close();
    expect(await place.count()).to.equal(0);
  });

  it('takes a body that is not async', async () => {
    expect(await place.isolation().run('plain', ({ title }) => title.length)).to.equal(5);
    const thrown = new Error('synchronous');
    expect(await rejection(place.isolation().run('throws', () => { throw thrown; }))).to.equal(thrown); // biome-ignore format: one line
  });

  it("rejects with the body's own error, and releases as failed", async () => {
    const thrown = new Error('expected 1 to equal 2');
    const before = await place.countKept();
    const isolation = place.isolation({ keep: 'failed' });
    const error = await rejection(
      isolation.run('fails', () => {
        throw thrown;
      }),
    );
    expect(error).to.equal(thrown);
    await isolation.close();
    expect(await place.count()).to.equal(0);
    expect(await place.countKept()).to.equal(before + 1);
  });

  it("puts the body's error first when the release fails as well", async () => {
    let db: unknown;
    const isolation = place.isolation({ client: clientThatCannotClose((other) => other === db) });
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
    let db: unknown;
    const isolation = place.isolation({ client: clientThatCannotClose((other) => other === db) });
    const body = (lease: Lease<Knex>) => {
      db = lease.db;
    };
    await failure('DBI_RELEASE_FAILED', () => isolation.run('cannot close', body));
    await isolation.close();
    expect(await place.count()).to.equal(0);
  });

  it('does not call the body when there is no database for it, and says why each time', async () => {
    const isolation = place.isolation({
      schema: { fingerprint: () => 'x', apply: () => Promise.reject(new Error('no such schema')) },
    });
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const error = await rejection(isolation.run('never', () => expect.fail('the body ran')));
      expect(error.message).to.equal('no such schema');
    }
  });

  it('may run inside itself: the inner body gets its own database, the outer one keeps its', async () => {
    const isolation = place.isolation();
    await isolation.run('outer', async (outer) => {
      await isolation.run('inner', async (inner) => {
        expect(isolation.current()).to.equal(inner);
        await inner.db('note').del();
      });
      expect(isolation.current()).to.equal(outer);
      expect(await outer.db('note').pluck('id')).to.deep.equal([1]);
    });
  });
});

describe('isolation.run on SQLite', () => {
  const workspace = useWorkspace();

  it('does not mind that a test removes its own files', async () => {
    await workspace.isolation().run('tidy', (lease) => rmSync(dirname(fileOf(lease)), { recursive: true }));
  });
});
