import { within } from '../../real-time.ts';
import type { AdminConnection, Row } from '../server/dialect.ts';
import type { Driver, DriverConnection, DriverError } from './driver.ts';
import { identifier } from './quoting.ts';
import { isError } from './server-errors.ts';

/** How long closing waits for statements that are under way, in milliseconds. */
const PATIENCE = 3000;

/**
 * What the library's own sessions have in common, so that results do not depend on the settings of a server. Waiting for
 * other sessions is bounded. Keys are not checked because a test may have tied another database to one that is dropped.
 */
const SESSION = `set autocommit = 1, sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION', time_zone = '+00:00',
  foreign_key_checks = 0, unique_checks = 1, sql_quote_show_create = 1, lock_wait_timeout = 60
  /*!80018 , auto_increment_increment = 1, auto_increment_offset = 1 */
  /*M!100600 , auto_increment_increment = 1, auto_increment_offset = 1, check_constraint_checks = 0, innodb_strict_mode = 0,
    timestamp = default */
  /*M!100804 , explicit_defaults_for_timestamp = 1 */;
set names utf8mb4`;

/** A connection of the library itself. Several statements may be sent at once. */
export class MysqlConnection implements AdminConnection {
  /** `<version>`, as the server tells it. */
  readonly version: string;
  /** The account that the server took the user for: `'user'@'host'`. */
  readonly account: string;
  readonly #driver: DriverConnection;
  /** What brings the session back to how it was after {@link batch}. */
  readonly #restore: string;
  #pending = 0;
  #open = true;

  private constructor(driver: DriverConnection, version: string, account: string, database: string) {
    this.#driver = driver;
    this.version = version;
    this.account = account;
    // A session cannot go back to no database at all; this one is always there and holds nothing.
    this.#restore = `rollback; ${SESSION}; use ${identifier(database || 'information_schema')}`;
    // Without a listener the loss of an idle connection would end the process.
    driver.on('error', () => this.#lost());
    driver.on('end', () => this.#lost());
    driver.stream.unref?.();
  }

  /** Connects to `url`; the database of that URL may be empty. */
  static async connect(driver: Driver, url: string, database: string): Promise<MysqlConnection> {
    const connection = driver.createConnection({
      uri: url,
      charset: 'utf8mb4',
      multipleStatements: true,
      dateStrings: true,
      supportBigNumbers: true,
    });
    await new Promise<void>((resolve, reject) => {
      connection.on('connect', () => resolve());
      connection.on('error', reject);
    });
    try {
      const sql = `${SESSION}; select version() as version, current_user() as account`;
      const [row] = (await run(connection, sql)).at(-1) ?? [];
      return new MysqlConnection(connection, String(row?.['version']), accountOf(String(row?.['account'])), database);
    } catch (error) {
      connection.destroy();
      throw error;
    }
  }

  get isOpen(): boolean {
    return this.#open;
  }

  readonly query = async (sql: string, values: readonly unknown[] = []): Promise<readonly Row[]> => {
    return (await this.#run(sql, values))[0] ?? [];
  };

  /** Runs statements that depend on each other's results in nothing, in one trip. Answers the rows of each. */
  queries(statements: readonly string[]): Promise<readonly (readonly Row[])[]> {
    return statements.length === 0 ? Promise.resolve([]) : this.#run(statements.join(';\n'), []);
  }

  /**
   * Sends messages with several statements each, of which the server runs those up to the first that fails. They may
   * change the session, which is brought back before any other statement of this connection can run.
   */
  async batch(messages: readonly (readonly string[])[]): Promise<void> {
    // The line break ends a comment at the end of a statement.
    const sent = messages.map((statements) => this.#run(statements.join('\n;\n'), []));
    const restored = this.#run(this.#restore, []).catch((error: unknown) => {
      // Going back to a database that has been dropped is neither possible nor needed.
      if (!isError(error, 'badDatabase')) throw error;
    });
    for (const result of await Promise.allSettled([...sent, restored])) {
      if (result.status === 'rejected') throw result.reason;
    }
  }

  async close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    // The server may end a session later than its socket: what it holds is given up before.
    const ended = run(this.#driver, 'rollback; do release_all_locks()')
      .catch(() => undefined)
      .then(() => new Promise<void>((resolve) => this.#driver.end(resolve)));
    this.#driver.stream.ref?.();
    await within(PATIENCE, ended, () => new Error('closing takes too long')).catch(() => undefined);
    this.#driver.destroy();
  }

  cutOff(): void {
    this.#open = false;
    this.#driver.stream.destroy();
  }

  async #run(sql: string, values: readonly unknown[]): Promise<readonly (readonly Row[])[]> {
    this.#pending += 1;
    this.#driver.stream.ref?.();
    try {
      return await run(this.#driver, sql, values);
    } catch (error) {
      if ((error as DriverError).fatal) this.#lost();
      throw error;
    } finally {
      this.#pending -= 1;
      if (this.#pending === 0) this.#driver.stream.unref?.();
    }
  }

  #lost(): void {
    this.#open = false;
  }
}

function run(
  driver: DriverConnection,
  sql: string,
  values: readonly unknown[] = [],
): Promise<readonly (readonly Row[])[]> {
  return new Promise((resolve, reject) => {
    driver.query(sql, values, (error, result) => (error ? reject(error) : resolve(resultsOf(result))));
  });
}

/** One result is rows, or an object where a statement has none; several are an array of such. */
function resultsOf(result: unknown): readonly (readonly Row[])[] {
  if (!Array.isArray(result)) return [[]];
  const several = result.some((part) => Array.isArray(part) || isHeader(part));
  return (several ? result : [result]).map((part: unknown) => (Array.isArray(part) ? part.map(lowerCased) : []));
}

/** What mysql2 gives for a statement without rows. */
function isHeader(part: unknown): boolean {
  return typeof part === 'object' && part !== null && part.constructor.name === 'ResultSetHeader';
}

/** MySQL 8 names the columns of its own tables in capitals. */
function lowerCased(row: Record<string, unknown>): Row {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name.toLowerCase(), value]));
}

/** `user@host`, in which the user may hold an `@`, as statements need it. */
function accountOf(account: string): string {
  const at = account.lastIndexOf('@');
  const quoted = (part: string) => `'${part.replaceAll("'", "''")}'`;
  return at < 0 ? quoted(account) : `${quoted(account.slice(0, at))}@${quoted(account.slice(at + 1))}`;
}
