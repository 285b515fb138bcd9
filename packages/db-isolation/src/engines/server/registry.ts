import type { Row } from './dialect.ts';

/**
 * What this library has made on a server, written down before it is made: only what is listed here is ever removed.
 * `sealed_as` is null until a template is complete, `kept_at` while a database belongs to a running test.
 */
const TABLES = [
  'create table if not exists run (id varchar(16) primary key, process varchar(100) not null, expires_at bigint not null)',
  'create table if not exists test_database (name varchar(64) primary key, run varchar(16) not null, ' +
    'project varchar(64), kept_at bigint)',
  'create table if not exists template (name varchar(64) primary key, sealed_as varchar(100), used_at bigint not null)',
];

type Query = (sql: string, values?: readonly unknown[]) => Promise<readonly Row[]>;

/** A run of another process, as far as the registry knows it. */
export interface RegisteredRun {
  readonly id: string;
  /** The identity of its process. */
  readonly process: string;
  /** Whether it has not renewed its lease in time. */
  readonly expired: boolean;
}

/** A database that was kept for somebody to look at. */
export interface KeptDatabase {
  readonly name: string;
  readonly run: string;
  readonly project: string;
  /** How long ago, by the server's clock, in milliseconds. */
  readonly age: number;
}

/** Makes the tables in an empty database; does nothing where they are. */
export async function createRegistry(query: Query): Promise<void> {
  for (const table of TABLES) await query(table);
}

/** Whether all tables are there. */
export async function isRegistry(query: Query): Promise<boolean> {
  try {
    await query('select 1 from run, test_database, template where 1 = 0');
    return true;
  } catch {
    return false;
  }
}

/** Names of tables that are not the registry's own. */
export async function foreignTables(query: Query, database: string): Promise<readonly string[]> {
  const rows = await query(
    "select table_name as name from information_schema.tables where table_schema in ('public', ?) " +
      "and table_name not in ('run', 'test_database', 'template')",
    [database],
  );
  return rows.map(({ name }) => String(name));
}

/** Reads and writes the registry. Times are the server's. */
export class Registry {
  readonly #query: Query;
  readonly #now: string;

  constructor(query: Query, nowSql: string) {
    this.#query = query;
    this.#now = nowSql;
  }

  /** Says that a run is alive for so many milliseconds from now; registers it when it is not known. */
  async renewRun(id: string, process: string, milliseconds: number): Promise<void> {
    const [known] = await this.#query('select id from run where id = ?', [id]);
    if (known) await this.#query(`update run set expires_at = ${this.#now} + ? where id = ?`, [milliseconds, id]);
    else await this.#query(`insert into run values (?, ?, ${this.#now} + ?)`, [id, process, milliseconds]);
  }

  async runs(): Promise<readonly RegisteredRun[]> {
    const rows = await this.#query(`select id, process, expires_at - ${this.#now} as remaining from run`);
    return rows.map(({ id, process, remaining }) => {
      return { id: String(id), process: String(process), expired: Number(remaining) < 0 };
    });
  }

  async forgetRun(id: string): Promise<void> {
    await this.#query('delete from run where id = ?', [id]);
  }

  /** Writes down names that a run is going to use. */
  async reserve(run: string, names: readonly string[]): Promise<void> {
    const rows = names.map(() => '(?, ?)').join(', ');
    await this.#query(
      `insert into test_database (name, run) values ${rows}`,
      names.flatMap((name) => [name, run]),
    );
  }

  /** Names that a run has used or may have used, except those of kept databases. */
  async namesOf(run: string): Promise<readonly string[]> {
    const rows = await this.#query('select name from test_database where run = ? and kept_at is null', [run]);
    return rows.map(({ name }) => String(name));
  }

  async forget(names: readonly string[]): Promise<void> {
    if (names.length === 0) return;
    await this.#query(`delete from test_database where name in (${names.map(() => '?').join(', ')})`, names);
  }

  async keep(name: string, project: string): Promise<void> {
    await this.#query(`update test_database set project = ?, kept_at = ${this.#now} where name = ?`, [project, name]);
  }

  /** The newest first. */
  async kept(): Promise<readonly KeptDatabase[]> {
    const rows = await this.#query(
      `select name, run, project, ${this.#now} - kept_at as age from test_database where kept_at is not null order by age, name`,
    );
    return rows.map(({ name, run, project, age }) => {
      return { name: String(name), run: String(run), project: String(project), age: Number(age) };
    });
  }

  /** How a complete template is best cloned; undefined for one that is missing or was never finished. */
  async sealedAs(template: string): Promise<string | undefined> {
    const [row] = await this.#query('select sealed_as from template where name = ?', [template]);
    return row?.['sealed_as'] == null ? undefined : String(row['sealed_as']);
  }

  async addTemplate(template: string): Promise<void> {
    await this.#query(`insert into template values (?, null, ${this.#now})`, [template]);
  }

  async sealTemplate(template: string, sealedAs: string): Promise<void> {
    await this.#query('update template set sealed_as = ? where name = ?', [sealedAs, template]);
  }

  async markUsed(template: string): Promise<void> {
    await this.#query(`update template set used_at = ${this.#now} where name = ?`, [template]);
  }

  async forgetTemplate(template: string): Promise<void> {
    await this.#query('delete from template where name = ?', [template]);
  }

  /** The one used last first. */
  async templates(): Promise<readonly { readonly name: string; readonly sealed: boolean }[]> {
    const rows = await this.#query('select name, sealed_as from template order by used_at desc, name');
    return rows.map(({ name, sealed_as: sealedAs }) => ({ name: String(name), sealed: sealedAs != null }));
  }
}
