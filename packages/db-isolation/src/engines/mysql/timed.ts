import { isErrorLike, messageOf } from '../../errors.ts';
import type { Findings } from '../findings.ts';
import type { Row } from '../server/dialect.ts';
import type { MysqlConnection } from './connection.ts';
import { isRejection } from './server-errors.ts';
import { parseVersion } from './version.ts';

/** What the server says when a statement takes longer than it may: MariaDB and MySQL. */
const TIMEOUTS = [1969, 3024];

/** A connection on which no statement takes longer than there is time for a comparison. */
export class Timed {
  readonly #connection: MysqlConnection;
  readonly #findings: Findings;
  readonly #isMariadb: boolean;

  /** The connection is used by nobody else, and closed afterwards. */
  constructor(connection: MysqlConnection, findings: Findings) {
    this.#connection = connection;
    this.#findings = findings;
    this.#isMariadb = parseVersion(connection.version).product === 'MariaDB';
  }

  /** Runs statements in one trip. Answers the rows of each. */
  async queries(statements: readonly string[]): Promise<readonly (readonly Row[])[]> {
    const milliseconds = Math.max(1, Math.ceil(this.#findings.remaining));
    const limit = this.#isMariadb
      ? `max_statement_time = ${milliseconds / 1000}`
      : `max_execution_time = ${milliseconds}`;
    return (await this.#connection.queries([`set ${limit}`, ...statements])).slice(1);
  }

  /**
   * Does something to compare a table, unless the time is up. Answers `late` when it is, also when it was up before the end,
   * and `failed`, with the table named, when what it holds cannot be compared.
   */
  async attempt(table: string, work: () => Promise<void>): Promise<'done' | 'failed' | 'late'> {
    if (this.#findings.isLate) return 'late';
    try {
      await work();
      return 'done';
    } catch (error) {
      if (isTimeout(error)) return 'late';
      if (!isRejection(error)) throw error;
      this.#findings.leaveOut(`comparing table ${table} failed: ${messageOf(error)}`);
      return 'failed';
    }
  }
}

/** Whether the time was up while the server was at work. */
export function isTimeout(error: unknown): boolean {
  return isErrorLike(error) && TIMEOUTS.includes(Number(error.errno));
}
