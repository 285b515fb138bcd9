import type { Engine } from '@acme/db-isolation';
import { mysql } from '@acme/db-isolation/engines/mysql';
import { type PostgresOptions, postgres } from '@acme/db-isolation/engines/postgres';
import { createMysqlDialect } from '../../src/engines/mysql/mysql-dialect.ts';
import { startPrivateMariadb } from './servers/private-mariadb.ts';
import { startPrivatePostgres } from './servers/private-postgres.ts';
import type { PrivateServer } from './servers/private-server.ts';
import type { Sql } from './sql.ts';

/** How a private server is started. */
export interface StartOptions {
  /** How many connections it allows to all users together, apart from administrators. */
  readonly maxConnections?: number;
  /** Where its directory is made. */
  readonly parent?: string;
}

/** One kind of server, as tests look at it from outside. */
export interface ServerKind {
  readonly name: 'postgres' | 'mysql';
  /** What the package with its programs is known by. */
  readonly programs: 'postgres' | 'mariadb';
  start(options?: StartOptions): Promise<PrivateServer>;
  engine(options: PostgresOptions): Engine;
  quote(identifier: string): string;
  /** Makes a user with the rights that the library asks for, and no others. */
  createUser(admin: Sql, name: string, password: string): Promise<void>;
  dropUser(admin: Sql, name: string): Promise<void>;
  /** Gives the right to make databases. */
  grant(admin: Sql, name: string): Promise<void>;
  /** Takes it away. */
  revoke(admin: Sql, name: string): Promise<void>;
  /** Names of all databases, or of those that the library has made for one user. */
  databases(sql: Sql, user?: string): Promise<readonly string[]>;
  /** Removes a database, whatever uses it. */
  dropDatabase(admin: Sql, name: string): Promise<void>;
  /** Makes room ahead for what the server writes to its log, without which it could not go on with a full disk. */
  spareLog(admin: Sql): Promise<void>;
  /** How many connections of a user there are. */
  connections(admin: Sql, user: string): Promise<number>;
  /** Ends all connections of a user. */
  disconnect(admin: Sql, user: string): Promise<void>;
}

export const POSTGRES: ServerKind = {
  name: 'postgres',
  programs: 'postgres',
  start: ({ maxConnections, parent } = {}) =>
    startPrivatePostgres({
      ...(parent === undefined ? {} : { parent }),
      settings: maxConnections === undefined ? {} : { max_connections: maxConnections + ADMINISTRATORS },
    }),
  engine: postgres,
  quote,
  async createUser(admin, name, password) {
    await admin.rows(`create role ${quote(name)} login createdb password '${password}'`);
  },
  async dropUser(admin, name) {
    await admin.rows(`drop role ${quote(name)}`);
  },
  async grant(admin, name) {
    await admin.rows(`alter role ${quote(name)} createdb`);
  },
  async revoke(admin, name) {
    await admin.rows(`alter role ${quote(name)} nocreatedb`);
  },
  async databases(sql, user) {
    const owned = user === undefined ? '' : `where pg_get_userbyid(datdba) = '${text(user)}'`;
    return (await sql.values(`select datname from pg_database ${owned} order by datname`)).map(String);
  },
  async dropDatabase(admin, name) {
    await admin.rows(`alter database ${quote(name)} is_template false`);
    await admin.rows(`drop database if exists ${quote(name)} with (force)`);
  },
  async spareLog(admin) {
    await admin.rows('select pg_switch_wal()');
    await admin.rows('checkpoint');
  },
  async connections(admin, user) {
    const [count] = await admin.values(`select count(*) from pg_stat_activity where usename = '${text(user)}'`);
    return Number(count);
  },
  async disconnect(admin, user) {
    await admin.rows(`select pg_terminate_backend(pid, 5000) from pg_stat_activity where usename = '${text(user)}'`);
  },
};

export const MYSQL: ServerKind = {
  name: 'mysql',
  programs: 'mariadb',
  start: ({ maxConnections, parent } = {}) =>
    startPrivateMariadb({
      ...(parent === undefined ? {} : { parent }),
      settings: maxConnections === undefined ? {} : { 'max-connections': maxConnections },
    }),
  engine: mysql,
  quote: backquote,
  async createUser(admin, name, password) {
    await admin.rows(`create user '${text(name)}'@'%' identified by '${password}'`);
    await MYSQL.grant(admin, name);
  },
  async dropUser(admin, name) {
    await admin.rows(`drop user '${text(name)}'@'%'`);
  },
  async grant(admin, name) {
    await admin.rows(`grant all privileges on \`dbi\\_%\`.* to '${text(name)}'@'%'`);
  },
  async revoke(admin, name) {
    await admin.rows(`revoke all privileges on \`dbi\\_%\`.* from '${text(name)}'@'%'`);
  },
  async databases(sql, user) {
    const all = (await sql.values('select schema_name from information_schema.schemata order by schema_name')).map(
      String,
    );
    if (user === undefined) return all;
    // The server does not know who made a database, but the registry does.
    const { registryName } = createMysqlDialect('server', `mysql://${encodeURIComponent(user)}@localhost`);
    const registry = backquote(registryName);
    const known = await sql
      .values(`select name from ${registry}.test_database union select name from ${registry}.template`)
      .catch((): readonly unknown[] => []);
    return all.filter((name) => name === registryName || known.includes(name));
  },
  async dropDatabase(admin, name) {
    await admin.rows(`drop database if exists ${backquote(name)}`);
  },
  async spareLog() {}, // InnoDB has it from the beginning
  async connections(admin, user) {
    const [count] = await admin.values(
      `select count(*) from information_schema.processlist where user = '${text(user)}'`,
    );
    return Number(count);
  },
  async disconnect(admin, user) {
    await admin.rows(`kill user '${text(user)}'@'%'`);
  },
};

/** PostgreSQL's default for `superuser_reserved_connections`. */
const ADMINISTRATORS = 3;

function quote(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}

function backquote(identifier: string): string {
  return `\`${identifier.replaceAll('`', '``')}\``;
}

function text(value: string): string {
  return value.replaceAll("'", "''");
}
