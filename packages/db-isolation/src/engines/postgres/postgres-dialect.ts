import { createHash } from 'node:crypto';
import { hasCode, serverUnsupported } from '../../errors.ts';
import { unguarded } from '../../guard/scopes.ts';
import { elapsed, sleep } from '../../real-time.ts';
import type { Findings } from '../findings.ts';
import type { AdminConnection, ServerDialect, ServerFacts } from '../server/dialect.ts';
import { fastestStrategy, runStrategy, type Strategy } from './clone-strategies.ts';
import { compareDatabases } from './compare.ts';
import { PostgresConnection } from './connection.ts';
import { databaseSettings } from './database-settings.ts';
import { type Driver, loadDriver } from './driver.ts';
import { connectionError, createError, dropError, mayNotCreate } from './errors.ts';
import { quote } from './quote.ts';
import { parseServerUrl, type ServerUrl, urlOf, withoutWaiting } from './url.ts';

const CONNECT_TIMEOUT_MS = 10_000;
const OLDEST_VERSION = 150_000;

/**
 * PostgreSQL as the common part of all servers sees it.
 *
 * @param option names the origin of the URL in errors.
 * @throws {IsolationError} `DBI_INVALID_OPTION`; when it is used: `DBI_DRIVER_MISSING`.
 */
export function createPostgresDialect(option: string, server: unknown): ServerDialect {
  return new PostgresDialect(parseServerUrl(option, server));
}

class PostgresDialect implements ServerDialect {
  readonly dialect = 'postgres';
  readonly readsTemplates = false; // nobody can clone a database that somebody is connected to
  readonly nowSql = '(extract(epoch from clock_timestamp()) * 1000)::bigint';
  readonly #server: ServerUrl;
  /** The statements that give a clone the settings of its template. */
  readonly #settings = new Map<string, Promise<(name: string) => readonly string[]>>();
  #driver: Driver | undefined;

  constructor(server: ServerUrl) {
    this.#server = server;
  }

  get registryName(): string {
    return `dbi_registry_${createHash('sha256').update(this.#user).digest('hex').slice(0, 8)}`;
  }

  async connect(database?: string): Promise<AdminConnection> {
    const client = new (this.#load().Client)({
      connectionString:
        database === undefined ? urlOf(this.#server, this.#server.database || 'postgres') : this.url(database),
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      application_name: 'db-isolation',
    });
    client.on('error', () => undefined); // what fails while connecting is thrown below as well
    const explain = (error: unknown) => connectionError(this.#shownServer(), error);
    try {
      await unguarded(() => client.connect());
    } catch (error) {
      throw explain(error);
    }
    return new PostgresConnection(client, explain);
  }

  async inspect(connection: AdminConnection): Promise<ServerFacts> {
    const [facts = {}] = await connection.query(`
      select current_setting('server_version') as version, current_setting('server_version_num')::int as number,
        current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
          - coalesce(current_setting('reserved_connections', true)::int, 0) as server_limit,
        rolconnlimit as role_limit, rolcreatedb or rolsuper as may_create,
        (select concat_ws(' ', pg_encoding_to_char(encoding), datcollate, datctype, datlocprovider)
          from pg_database where datname = 'template1') as locale
      from pg_roles where rolname = current_user`);
    const { version, number, server_limit: serverLimit, role_limit: roleLimit, may_create: mayCreate, locale } = facts;
    if (Number(number) < OLDEST_VERSION) {
      throw serverUnsupported(this.#shownServer(), `PostgreSQL ${String(version)}`, 'PostgreSQL 15 or later');
    }
    if (!mayCreate) throw mayNotCreate(this.#shownServer(), this.#user, 'its role has no CREATEDB');
    const limits = [Number(serverLimit), Number(roleLimit)].filter((limit) => limit >= 0);
    return {
      fingerprint: JSON.stringify(['PostgreSQL', version, locale, 'pg', this.#load().version, this.#user]),
      maxConnections: Math.min(...limits),
    };
  }

  async exists(connection: AdminConnection, database: string): Promise<boolean> {
    const rows = await connection.query('select 1 from pg_database where datname = ?', [database]);
    return rows.length > 0;
  }

  async create(connection: AdminConnection, database: string): Promise<void> {
    try {
      await connection.query(`create database ${quote(database)}`);
    } catch (error) {
      throw createError(this.#shownServer(), this.#user, error);
    }
  }

  async drop(connection: AdminConnection, database: string): Promise<void> {
    await this.#waitForGoodbyes(connection, database);
    const drop = `drop database if exists ${quote(database)} with (force)`;
    try {
      await connection.query(drop).catch(async (error: unknown) => {
        if (!hasCode(error, IS_TEMPLATE)) throw error;
        await connection.query(`alter database ${quote(database)} with is_template false`);
        await connection.query(drop);
      });
    } catch (error) {
      throw dropError(database, error);
    }
  }

  async countConnections(connection: AdminConnection, database: string): Promise<number> {
    const [row] = await connection.query('select count(*) as count from pg_stat_activity where datname = ?', [
      database,
    ]);
    return Number(row?.['count']);
  }

  async seal(connection: AdminConnection, template: string, scratch: string): Promise<string> {
    await connection.query(`alter database ${quote(template)} with is_template true allow_connections false`);
    return fastestStrategy(connection, template, scratch);
  }

  async clone(connection: AdminConnection, template: string, name: string, how: string): Promise<boolean> {
    try {
      await runStrategy(connection, template, name, how as Strategy);
    } catch (error) {
      if (hasCode(error, NO_DATABASE)) return false;
      throw createError(this.#shownServer(), this.#user, error);
    }
    for (const statement of (await this.#settingsOf(connection, template))(name)) await connection.query(statement);
    return true;
  }

  async compare(database: string, original: string, _how: string, findings: Findings): Promise<void> {
    const connections = await Promise.allSettled([this.connect(original), this.connect(database)]);
    try {
      const [before, after] = connections;
      if (before.status === 'rejected') throw before.reason;
      if (after.status === 'rejected') throw after.reason;
      await compareDatabases(before.value, after.value, findings);
    } finally {
      const open = connections.filter((connection) => connection.status === 'fulfilled');
      await Promise.all(open.map(({ value }) => value.close()));
    }
  }

  async tryLocks(connection: AdminConnection, names: readonly string[]): Promise<readonly boolean[]> {
    const locks = names.map((_, index) => `pg_try_advisory_lock(hashtextextended(?, 0)) as lock_${index}`);
    const [row = {}] = await connection.query(`select ${locks.join(', ')}`, names);
    return names.map((_, index) => row[`lock_${index}`] === true);
  }

  async unlock(connection: AdminConnection, names: readonly string[]): Promise<void> {
    const locks = names.map(() => 'pg_advisory_unlock(hashtextextended(?, 0))');
    await connection.query(`select ${locks.join(', ')}`, names);
  }

  url(database: string): string {
    return withoutWaiting(urlOf(this.#server, encodeURIComponent(database)));
  }

  shownUrl(database: string): string {
    return urlOf(this.#server, encodeURIComponent(database), true);
  }

  command(database: string): string {
    return `psql '${this.shownUrl(database).replaceAll("'", `'\\''`)}'`;
  }

  /** The server looks for connections every 100 ms while it drops a database; those just closed are gone much sooner. */
  async #waitForGoodbyes(connection: AdminConnection, database: string): Promise<void> {
    const deadline = elapsed() + GOODBYE_MS;
    while ((await this.countConnections(connection, database)) > 0 && elapsed() < deadline)
      await sleep(GOODBYE_POLL_MS);
  }

  /** A sealed template does not change any more. */
  #settingsOf(connection: AdminConnection, template: string): Promise<(name: string) => readonly string[]> {
    const settings = this.#settings.get(template) ?? databaseSettings(connection, template);
    this.#settings.set(template, settings);
    settings.catch(() => this.#settings.delete(template));
    return settings;
  }

  /** As the driver makes it out from the URL, the environment and the system. */
  get #user(): string {
    const { Client } = this.#load();
    return new Client({ connectionString: urlOf(this.#server) }).user ?? '';
  }

  #load(): Driver {
    this.#driver ??= loadDriver();
    return this.#driver;
  }

  #shownServer(): string {
    return urlOf(this.#server, undefined, true);
  }
}

/** How long connections that the client has closed may take to end in the server, in milliseconds. */
const GOODBYE_MS = 50;
const GOODBYE_POLL_MS = 3;

const NO_DATABASE = '3D000';
const IS_TEMPLATE = '42809';
