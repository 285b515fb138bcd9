import { setTimeout as sleep } from 'node:timers/promises';
import { createIsolation, type Engine, IsolationError } from '@acme/db-isolation';
import { knexClient } from '@acme/db-isolation/clients/knex';
import { sqlite } from '@acme/db-isolation/engines/sqlite';
import { expect } from 'chai';
import { failure, rejection } from '../support/rejections.ts';
import { POSTGRES } from '../support/server-kinds.ts';
import { describeWithPrograms } from '../support/servers/available.ts';
import { NOTES_ON_ANY_ENGINE } from '../support/shared-server.ts';
import { useWorkspace } from '../support/workspace.ts';

describe('a server that cannot be reached', () => {
  const workspace = useWorkspace();

  /** An engine that fails so often, each time after so many milliseconds. */
  function failing(times: number, after: number): { readonly engine: Engine; readonly starts: () => number } {
    let starts = 0;
    return {
      starts: () => starts,
      engine: {
        async start() {
          starts += 1;
          if (starts > times) return sqlite().start();
          if (after > 0) await sleep(after);
          throw new IsolationError('DBI_SERVER_UNREACHABLE', 'It does not answer.');
        },
      },
    };
  }

  it('is not waited for again by each test of a run: those that follow soon fail for the same reason', async () => {
    const { engine, starts } = failing(1, 700);
    const isolation = workspace.isolation({ engine });
    for (let test = 0; test < 100; test += 1) await failure('DBI_SERVER_UNREACHABLE', () => isolation.acquire());
    expect(starts()).to.equal(1);
  });

  it('is asked by each test when it refuses at once, and found when it is back', async () => {
    const { engine, starts } = failing(3, 0);
    const isolation = workspace.isolation({ engine });
    for (let test = 0; test < 3; test += 1) await failure('DBI_SERVER_UNREACHABLE', () => isolation.acquire());
    await isolation.run('afterwards', async ({ db }) => expect(await db('note')).to.have.length(1));
    expect(starts()).to.equal(4);
  });
});

describeWithPrograms('postgres', 'a server that is killed during a run', () => {
  it('is waited for once, not by each test, release and drop', async function () {
    this.timeout(60_000);
    const server = await POSTGRES.start();
    const isolation = createIsolation({
      engine: POSTGRES.engine({ server: server.url() }),
      client: knexClient(),
      schema: NOTES_ON_ANY_ENGINE,
    });
    const leases = await Promise.all([1, 2, 3].map(() => isolation.acquire()));
    for (const { db } of leases) await db('note');
    await server.kill();
    const start = performance.now();
    for (const lease of leases) await failure('DBI_RELEASE_FAILED', () => lease.release({ failed: true }));
    await rejection(isolation.close());
    expect(performance.now() - start).to.be.below(25_000); // 10 s, and not 10 s for each of them
    await server.stop();
  });
});
