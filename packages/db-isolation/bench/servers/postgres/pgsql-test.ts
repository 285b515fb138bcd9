import { type Approach, time, whole } from '../../approach.ts';
import { QUERY } from '../one-query.ts';
import { loadPeer, type PgsqlTest } from '../peers.ts';
import type { BenchmarkServer } from '../server.ts';

const TESTS_IN_A_ROW = 10;

/** pgsql-test in both ways in which it can be used, from the same template. Needs PostgreSQL's client programs. */
export function pgsqlTest(server: BenchmarkServer, template: string): readonly Approach[] {
  process.env['LOG_LEVEL'] ??= 'error'; // it logs each step
  const peer = loadPeer('pgsql-test');
  if (!peer) return [];
  const { hostname: host, port, username: user, password } = new URL(server.url);
  const connect = () =>
    peer.getConnections(
      { pg: { host, port: Number(port || 5432), user, password }, db: { template, prefix: 'bench-' } },
      [],
    );
  return [databasePerTest(connect), rollbackPerTest(connect)];
}

function databasePerTest(connect: () => Promise<PgsqlTest>): Approach {
  return whole('pgsql-test: getConnections + query + teardown', async () => {
    const { pg, teardown } = await connect();
    await pg.query(QUERY);
    await teardown();
  });
}

/** For information: nothing is ever committed. Its teardown ends all of its connections, so each round makes its own. */
function rollbackPerTest(connect: () => Promise<PgsqlTest>): Approach {
  return {
    slow: true,
    async round(note) {
      const { pg, teardown } = await connect();
      for (let test = 0; test < TESTS_IN_A_ROW; test += 1) {
        const duration = await time(async () => {
          await pg.beforeEach();
          await pg.query(QUERY);
          await pg.afterEach();
        });
        note('pgsql-test: rollback instead, without commits', duration);
      }
      await teardown();
    },
  };
}
