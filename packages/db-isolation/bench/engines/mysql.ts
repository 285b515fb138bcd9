import { mysql } from '@acme/db-isolation/engines/mysql';
import type { BenchmarkedEngine } from '../approach.ts';
import { mediumOf } from '../machine.ts';
import { SERVER_ROUNDS, serverApproaches } from '../servers/approaches.ts';
import { BARE_REPLAY, bareReplay } from '../servers/mysql/bare-replay.ts';
import { openMysqlServer } from '../servers/mysql/server.ts';
import type { BenchmarkServer } from '../servers/server.ts';

const SETTINGS = [
  'innodb_flush_method',
  'innodb_flush_log_at_trx_commit',
  'innodb_doublewrite',
  'innodb_buffer_pool_size',
  'innodb_log_file_size',
  'log_bin',
];

/** MariaDB or MySQL, or why it cannot be measured here. */
export async function openMysql(): Promise<BenchmarkedEngine | string> {
  const server = await openMysqlServer();
  if (typeof server === 'string') return server;
  const engine = mysql({ server: server.url });
  return {
    facts: await factsOf(server),
    rounds: SERVER_ROUNDS,
    open: (size) =>
      serverApproaches(server, engine, size, async (template) => ({
        yardstick: BARE_REPLAY,
        raw: [await bareReplay(server, template)],
        peers: [],
      })),
    close: () => server.close(),
  };
}

async function factsOf(server: BenchmarkServer): Promise<string> {
  const rows = await server.admin(
    `show global variables where variable_name in ('version', 'datadir', ${SETTINGS.map((name) => `'${name}'`)})`,
  );
  const values = new Map(rows.map((row) => [row['Variable_name'], String(row['Value'])]));
  const settings = SETTINGS.map((name) => `${name} = ${values.get(name) ?? 'unknown'}`).join(', ');
  return `${values.get('version')}, data on ${mediumOf(values.get('datadir') ?? '')}; ${settings}`;
}
