import { fileURLToPath } from 'node:url';
import { createIsolation } from '@acme/db-isolation';
import { knexClient } from '@acme/db-isolation/clients/knex';
import { mysql } from '@acme/db-isolation/engines/mysql';
import { postgres } from '@acme/db-isolation/engines/postgres';
import { sqlite } from '@acme/db-isolation/engines/sqlite';
import type { Provider } from '@acme/db-isolation/provider';
import { isolationHooks } from '@acme/db-isolation/runners/mocha';
import { customSchema } from '@acme/db-isolation/schemas/custom-schema';
import type { Knex } from 'knex';
import { useSource } from './current.ts';
import { database } from './database.ts';
import { engine } from './environment.ts';
import { fill } from './template.ts';

const ENGINES = { sqlite, postgres, mysql };

const isolation = createIsolation<Knex>({
  engine: ENGINES[engine](),
  client: knexClient(),
  schema: customSchema<Knex>({ fingerprint: `planted leaks on ${engine}, 1`, apply: (db) => fill(db, engine) }),
  providers: [database as Provider<Knex>],
});

useSource({
  db: () => isolation.current().db,
  url() {
    const { url } = isolation.current();
    return engine === 'sqlite' ? fileURLToPath(url.replace('sqlite:', 'file:')) : withPassword(url);
  },
});

export const mochaHooks: Mocha.RootHookObject = isolationHooks(isolation);

/** What leases show has no password. */
function withPassword(url: string): string {
  const server = process.env[engine === 'postgres' ? 'DB_ISOLATION_POSTGRES_URL' : 'DB_ISOLATION_MYSQL_URL'];
  const full = new URL(url);
  full.password = server ? new URL(server).password : '';
  return full.href;
}
