import { setImmediate as nextTurn } from 'node:timers/promises';
import { knexClient } from '@acme/db-isolation/clients/knex';
import { expect } from 'chai';
import { failure } from '../support/rejections.ts';
import { createServerUser } from '../support/server-user.ts';
import { connect, type Sql } from '../support/sql.ts';
import { describeOnServers } from '../support/throwaway-server.ts';

const MAX_CONNECTIONS = 36;

describeOnServers(
  'connections',
  (server) => {
    /** Somebody else takes as many connections as the server gives. Answers what ends them. */
    async function takeAllConnections() {
      const stranger = await createServerUser(server.kind, server.program.url());
      const taken: Sql[] = [];
      try {
        for (;;) taken.push(await connect(stranger.url));
      } catch {} // that was the last
      expect(taken).to.have.length.within(5, MAX_CONNECTIONS);
      return async () => {
        await Promise.all(taken.map((connection) => connection.end()));
        await stranger.remove();
      };
    }

    it('that can never be enough are refused at once', async () => {
      const isolation = server.isolation({ server: { maxConnections: 7, connectionsPerTest: 5 } });
      const error = await failure('DBI_TOO_MANY_CONNECTIONS', () => isolation.acquire());
      expect(error.message).to.contain('needs 8, and 7 may be used');
    });

    it('are waited for while other runs have them, for connectionTimeout at most', async () => {
      const isolation = (connectionTimeout: number) =>
        server.isolation({ server: { maxConnections: 9, connectionsPerTest: 3, connectionTimeout } });
      const first = isolation(50);
      const lease = await first.acquire(); // 3 of the library and 3 of the test; another run has 3 of the library
      const refused = isolation(50);
      const error = await failure('DBI_TOO_MANY_CONNECTIONS', () => refused.acquire());
      await refused.close();
      expect(error.message).to.contain('none of the 9').and.to.contain('within 0.05 s, and 3 are needed');

      const waiting = isolation(10_000).acquire();
      await lease.release();
      await (await waiting).release();
    });

    it('are refused when strangers hold them all, and had when these are gone', async () => {
      const giveBack = await takeAllConnections();
      try {
        const error = await failure('DBI_TOO_MANY_CONNECTIONS', () => server.isolation().acquire());
        expect(error.message).not.to.contain(server.user.password);
      } finally {
        await giveBack();
      }
      await server.isolation().run('when there is room', () => undefined);
    });

    it('are refused by name when strangers take them in the middle of a run, which goes on afterwards', async () => {
      const silent = { warn() {}, error() {}, deprecate() {}, debug() {} }; // Knex logs what it throws
      const client = knexClient({ config: { log: silent } });
      const isolation = server.isolation({ client, keep: 'never' });
      await isolation.run('before', ({ db }) => db('note').select());
      const giveBack = await takeAllConnections();
      const codes: string[] = [];
      try {
        for (let test = 0; test < 2; test += 1) {
          await isolation.run('during', ({ db }) => db('note').select()).catch(({ code }) => codes.push(code));
        }
      } finally {
        await giveBack();
      }
      expect(codes).to.deep.equal(['DBI_TOO_MANY_CONNECTIONS', 'DBI_TOO_MANY_CONNECTIONS']);
      await isolation.run('afterwards', ({ db }) => db('note').select());
      await isolation.close();
      expect(await server.names('test')).to.deep.equal([]);
    });

    it('of 6 processes that run 4 tests each at the same moment stay within the budget', async () => {
      const budget = 27; // 6 × 3 of the library, and room for 3 tests
      const env = { MAX_CONNECTIONS: String(budget), CONCURRENCY: '4', ROUNDS: '2' };
      const programs = Array.from({ length: 6 }, () => server.start('lease-many', env));
      await Promise.all(programs.map((program) => program.said('loaded')));
      const admin = await server.admin();
      let most = 0;
      let ended = false;
      const ends = Promise.all(programs.map((program) => program.ended)).finally(() => {
        ended = true;
      });
      for (const program of programs) program.tell('go');
      while (!ended) {
        most = Math.max(most, await server.kind.connections(admin, server.user.name));
        await nextTurn();
      }
      for (const { code, output } of await ends) {
        expect(code, output).to.equal(0);
        expect(output).to.equal('loaded\ncounts [3,3,3,3]\ncounts [3,3,3,3]\n');
      }
      expect(most).to.be.within(19, budget);
      expect(await server.names('test')).to.deep.equal([]);
    });
  },
  { start: () => ({ maxConnections: MAX_CONNECTIONS }) },
);
