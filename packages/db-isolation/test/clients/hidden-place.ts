import { createIsolation } from '@acme/db-isolation';
import { knexClient } from '@acme/db-isolation/clients/knex';
import { sqlite } from '@acme/db-isolation/engines/sqlite';
import { customSchema } from '@acme/db-isolation/schemas/custom-schema';
import type { Knex } from 'knex';

// Leaves a connection unreleased from a timer whose function is not the app's, and prints the leaks of the release.
async function leave(db: Knex): Promise<void> {
  setTimeout(db.client.acquireConnection, 0);
  while (db.client.pool.numUsed() === 0) await new Promise(setImmediate);
}

const isolation = createIsolation({
  engine: sqlite(),
  client: knexClient(),
  schema: customSchema({ fingerprint: '1', apply: async () => undefined }),
});
const lease = await isolation.acquire();
await leave(lease.db);
const { leaks } = await lease.release();
await isolation.close();
process.stdout.write(JSON.stringify(leaks));
