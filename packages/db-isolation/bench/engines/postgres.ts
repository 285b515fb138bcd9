import { postgres } from '@acme/db-isolation/engines/postgres';
import type { BenchmarkedEngine } from '../approach.ts';
import { mediumOf } from '../machine.ts';
import { SERVER_ROUNDS, serverApproaches } from '../servers/approaches.ts';
import { bareClones, chosenRow } from '../servers/postgres/bare-clone.ts';
import { pgsqlTest } from '../servers/postgres/pgsql-test.ts';
import { openPostgresServer } from '../servers/postgres/server.ts';
import type { BenchmarkServer } from '../servers/server.ts';

const SETTINGS = ['fsync', 'synchronous_commit', 'full_page_writes', 'wal_level', 'shared_buffers', 'autovacuum'];

/** PostgreSQL, or why it cannot be measured here. */
export async function openPostgres(): Promise<BenchmarkedEngine | string> {
  const server = await openPostgresServer();
  if (typeof server === 'string') return server;
  const engine = postgres({ server: server.url });
  return {
    facts: await factsOf(server),
    rounds: SERVER_ROUNDS,
    open: (size) =>
      serverApproaches(server, engine, size, async (template) => ({
        yardstick: await chosenRow(server, template),
        raw: bareClones(server, template),
        peers: pgsqlTest(server, template),
      })),
    close: () => server.close(),
  };
}

async function factsOf(server: BenchmarkServer): Promise<string> {
  const names = ['server_version', 'data_directory', ...SETTINGS];
  const [values = {}] = await server.admin(`select ${names.map((name) => `current_setting('${name}') as ${name}`)}`);
  const settings = SETTINGS.map((name) => `${name} = ${values[name]}`).join(', ');
  return `PostgreSQL ${values['server_version']}, data on ${mediumOf(String(values['data_directory']))}; ${settings}`;
}
