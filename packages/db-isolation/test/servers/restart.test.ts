import { customSchema } from '@acme/db-isolation/schemas/custom-schema';
import { expect } from 'chai';
import { rejection } from '../support/rejections.ts';
import { describeOnServers } from '../support/throwaway-server.ts';

describeOnServers('a server that is started anew in the middle of a run', (server) => {
  for (const [how, startAnew] of [
    ['in good order', () => server.program.restart()],
    ['after it was killed', () => server.program.kill().then(() => server.program.restart())],
  ] as const) {
    it(`fails the test that was running and no other, ${how}, and nothing is left`, async () => {
      const isolation = server.isolation({ keep: 'never' });
      const lease = await isolation.acquire({ title: 'during the restart' });
      const transaction = await lease.db.transaction();
      transaction.executionPromise.catch(() => undefined);
      await transaction('note').insert({ text: 'lost' });
      await startAnew();
      await rejection(transaction('note').insert({ text: 'lost too' }));
      await lease.release().catch(() => undefined); // it may say that closing failed
      for (let test = 0; test < 3; test += 1) {
        await isolation.run('later', async ({ db }) =>
          expect(await db('note').pluck('text')).to.deep.equal(['from the template']),
        );
      }
      await isolation.close();
      expect(await server.names('test')).to.deep.equal([]);
      expect(await server.registry('select * from run')).to.deep.equal([]);
    });
  }

  it('is waited for by a test that begins while it is down', async () => {
    const isolation = server.isolation();
    await isolation.run('before', () => undefined);
    await server.program.kill();
    const lease = isolation.acquire({ title: 'while it is down' });
    await server.program.restart();
    expect(await (await lease).db('note').pluck('text')).to.deep.equal(['from the template']);
  });

  it('has the template built again that was being built', async () => {
    let restart = true;
    const isolation = server.isolation({
      schema: customSchema({
        fingerprint: 'restarts once',
        apply: async (_db, { execute }) => {
          await execute('create table halfway (id integer)');
          if (restart) await server.program.restart();
          restart = false;
          await execute('insert into halfway values (1)');
        },
      }),
    });
    await isolation.acquire().then(
      (lease) => lease.release(), // a client may connect again as if nothing had happened
      () => undefined,
    );
    await isolation.run('afterwards', async ({ db }) => expect(await db('halfway').pluck('id')).to.deep.equal([1]));
    expect(await server.names('template')).to.have.length(1);
  });

  it('keeps its runs apart from dead ones: another run sweeps nothing of one whose connection was lost', async () => {
    const isolation = server.isolation();
    const lease = await isolation.acquire();
    await server.program.restart();
    expect(await server.isolation().sweep()).to.deep.equal({ runs: 0, kept: 0, templates: 0 });
    expect(await server.query(lease, 'select text from note')).to.deep.equal(['from the template']);
  });
});
