import { findPostgresPrograms } from './postgres-programs.ts';
import { findMariadbPrograms } from './private-mariadb.ts';

const SERVERS = {
  postgres: { name: 'PostgreSQL 15 or later', variable: 'DB_ISOLATION_POSTGRES_URL' },
  mysql: { name: 'MariaDB or MySQL', variable: 'DB_ISOLATION_MYSQL_URL' },
};

/**
 * A describe block with tests on a server whose user may create databases. Without one it is a pending test whose title
 * says how to have it.
 */
export function describeWith(engine: 'postgres' | 'mysql', title: string, tests: (url: string) => void): void {
  const { name, variable } = SERVERS[engine];
  const url = process.env[variable];
  describe(title, () => (url ? tests(url) : it(`needs ${name}: run through \`npm test\`, or set ${variable}`)));
}

/** A describe block whose tests start private servers; pending as above when there are no programs to start. */
export function describeWithPrograms(server: 'postgres' | 'mariadb', title: string, tests: () => void): void {
  const [found, name] =
    server === 'postgres' ? [findPostgresPrograms(), 'postgresql'] : [findMariadbPrograms(), 'mariadb-server'];
  describe(title, () => (found ? tests() : it(`needs server programs: install the package ${name}`)));
}
