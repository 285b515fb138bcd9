import { createHash } from 'node:crypto';
import { invalidOption, serverUnsupported } from '../../errors.ts';
import type { Findings } from '../findings.ts';
import type { AdminConnection, ServerDialect, ServerFacts } from '../server/dialect.ts';
import { makeClone } from './clone.ts';
import type { ClonePlan } from './clone-plan.ts';
import { compareDatabases } from './compare.ts';
import { MysqlConnection } from './connection.ts';
import { type Driver, loadDriver } from './driver.ts';
import { dropDatabase } from './drop.ts';
import { identifier } from './quoting.ts';
import { readSealed, sealTemplate } from './seal.ts';
import { connectError, isError, statementError } from './server-errors.ts';
import { parseServerUrl, type ServerUrl } from './url.ts';
import { isSupported, parseVersion, WANTED } from './version.ts';

/**
 * MariaDB and MySQL, on one server. Does no I/O.
 *
 * @param option where the URL comes from, for errors.
 * @throws {IsolationError} `DBI_INVALID_OPTION`.
 */
export function createMysqlDialect(option: string, server: unknown): ServerDialect {
  if (typeof server !== 'string')
    throw invalidOption(option, server, 'a URL such as "mysql://user:password@host:3306"');
  return new MysqlDialect(parseServerUrl(option, server));
}

class MysqlDialect implements ServerDialect {
  readonly dialect = 'mysql';
  readonly readsTemplates = true;
  // Signed, because times are subtracted. Unlike now(), sysdate() is not moved by a session that sets its own clock.
  readonly nowSql = 'cast(unix_timestamp(sysdate(3)) * 1000 as signed)';
  readonly registryName: string;
  readonly #url: ServerUrl;
  readonly #plans = new Map<string, Promise<ClonePlan>>();
  #driver: Driver | undefined;
  #shell: 'mysql' | 'mariadb';

  constructor(url: ServerUrl) {
    this.#url = url;
    this.#shell = url.isMariadb ? 'mariadb' : 'mysql';
    this.registryName = `dbi_registry_${createHash('sha256').update(url.user).digest('hex').slice(0, 8)}`;
  }

  /** Without a name it connects to no database, so that the one in the user's URL need not exist. */
  async connect(database = ''): Promise<AdminConnection> {
    this.#driver ??= loadDriver();
    try {
      const connection = await MysqlConnection.connect(this.#driver, this.#url.own(database), database);
      if (parseVersion(connection.version).product === 'MariaDB') this.#shell = 'mariadb';
      return connection;
    } catch (error) {
      throw connectError(this.#url, error);
    }
  }

  async inspect(connection: AdminConnection): Promise<ServerFacts> {
    const { version } = own(connection);
    if (!isSupported(version)) throw serverUnsupported(this.#url.shown, version, WANTED);
    const rows = await connection.query(
      `show global variables where variable_name in (${list(DECISIVE.length)})`,
      DECISIVE,
    );
    const settings = rows.map((row) => [row['variable_name'], row['value']]);
    const [limits] = await connection.query('select @@max_connections as allowed');
    return {
      fingerprint: JSON.stringify([version, this.#driver?.version, this.#url.user, settings]),
      maxConnections: Number(limits?.['allowed']),
    };
  }

  async exists(connection: AdminConnection, database: string): Promise<boolean> {
    const sql = 'select 1 from information_schema.schemata where schema_name = ?';
    return (await connection.query(sql, [database])).length > 0;
  }

  async create(connection: AdminConnection, database: string): Promise<void> {
    await this.#explained(connection, () => connection.query(`create database ${identifier(database)}`));
  }

  async drop(connection: AdminConnection, database: string): Promise<void> {
    await this.#explained(connection, () => dropDatabase(own(connection), database));
  }

  /** Counts those of the same user only, unless that user has the right `PROCESS`. */
  async countConnections(connection: AdminConnection, database: string): Promise<number> {
    const [row] = await connection.query('select count(*) as n from information_schema.processlist where db = ?', [
      database,
    ]);
    return Number(row?.['n']);
  }

  async seal(connection: AdminConnection, template: string, scratch: string): Promise<string> {
    return this.#explained(connection, () => sealTemplate(own(connection), template, scratch));
  }

  /** Ends a transaction that is open on the connection. */
  async clone(connection: AdminConnection, template: string, name: string, how: string): Promise<boolean> {
    try {
      await makeClone(own(connection), await this.#plan(own(connection), template, how), template, name);
      return true;
    } catch (error) {
      if (isError(error, 'databaseExists')) throw error; // not made here
      await this.drop(connection, name);
      if (await this.exists(connection, template))
        throw statementError(this.#url.shown, own(connection).account, error);
      this.#plans.delete(planKey(template, how));
      return false;
    }
  }

  async compare(database: string, original: string, how: string, findings: Findings): Promise<void> {
    const connection = await this.connect();
    try {
      await this.#explained(connection, () => compareDatabases(own(connection), { database, original, how, findings }));
    } finally {
      await connection.close();
    }
  }

  async tryLocks(connection: AdminConnection, names: readonly string[]): Promise<readonly boolean[]> {
    return this.#lockFunction(connection, 'get_lock(?, 0)', names);
  }

  async unlock(connection: AdminConnection, names: readonly string[]): Promise<void> {
    await this.#lockFunction(connection, 'release_lock(?)', names);
  }

  url(database: string): string {
    return this.#url.to(database);
  }

  shownUrl(database: string): string {
    return this.#url.shownTo(database);
  }

  command(database: string): string {
    return this.#url.command(this.#shell, database);
  }

  /** Calls a function once for each lock, in one trip. Locks are the server's, so their names hold the registry's. */
  async #lockFunction(connection: AdminConnection, call: string, names: readonly string[]): Promise<boolean[]> {
    if (names.length === 0) return [];
    const hash = (name: string) =>
      createHash('sha256').update(`${this.registryName}\n${name}`).digest('hex').slice(0, 40);
    const columns = names.map((_, i) => `${call} as l${i}`).join(', ');
    const [row] = await connection.query(
      `select ${columns}`,
      names.map((name) => `dbi_${hash(name)}`),
    );
    return names.map((_, i) => Number(row?.[`l${i}`]) === 1);
  }

  #plan(connection: MysqlConnection, template: string, how: string): Promise<ClonePlan> {
    const key = planKey(template, how);
    const known = this.#plans.get(key);
    if (known) return known;
    const plan = readSealed(connection, template, how);
    this.#plans.set(key, plan);
    plan.catch(() => this.#plans.delete(key));
    return plan;
  }

  async #explained<T>(connection: AdminConnection, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw statementError(this.#url.shown, own(connection).account, error);
    }
  }
}

/** Settings of a server that decide how what is made on it looks. */
const DECISIVE = [
  'character_set_server',
  'collation_server',
  'default_storage_engine',
  'explicit_defaults_for_timestamp',
  'innodb_default_row_format',
  'innodb_page_size',
  'lower_case_table_names',
  'sql_mode',
  'system_time_zone',
  'time_zone',
];

/** Connections come from {@link MysqlDialect.connect}. */
function own(connection: AdminConnection): MysqlConnection {
  return connection as MysqlConnection;
}

function planKey(template: string, how: string): string {
  return `${template} ${how}`;
}

function list(length: number): string {
  return Array.from({ length }, () => '?').join(', ');
}
