import type { Dialect } from '../../src/db/database-url.ts';

/** An engine to run on, and the server of those that need one. */
export interface EngineServer {
  readonly engine: Dialect;
  readonly server: string | undefined;
}

/** The engines that are there and wanted; their servers are named as for the tests. */
export function chosenServers(wanted: readonly string[] | undefined): EngineServer[] {
  const { DB_ISOLATION_POSTGRES_URL: postgres, DB_ISOLATION_MYSQL_URL: mysql } = process.env;
  const all: EngineServer[] = [
    { engine: 'sqlite', server: undefined },
    { engine: 'postgres', server: postgres },
    { engine: 'mysql', server: mysql },
  ];
  return all.filter(({ engine, server }) => (engine === 'sqlite' || server) && (wanted?.includes(engine) ?? true));
}
