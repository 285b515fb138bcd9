import type { Engine } from '@acme/db-isolation';
import { mysql } from '@acme/db-isolation/engines/mysql';
import { postgres } from '@acme/db-isolation/engines/postgres';
import { sqlite } from '@acme/db-isolation/engines/sqlite';

const ENGINES = { sqlite, postgres, mysql };

/** The engine that `ENGINE` names, SQLite without it; `TEMPLATE_TIMEOUT`, … are its options. For programs of their own. */
export function engineFromEnvironment(timeout = ''): Engine {
  const { ENGINE = 'sqlite', MAX_CONNECTIONS } = process.env;
  const engine = ENGINES[ENGINE as keyof typeof ENGINES];
  return engine({
    ...(timeout ? { templateTimeout: Number(timeout) } : {}),
    ...(MAX_CONNECTIONS ? { maxConnections: Number(MAX_CONNECTIONS), connectionsPerTest: 3 } : {}),
  });
}
