import { isErrorLike, messageOf } from '../../errors.ts';
import type { Findings } from '../findings.ts';
import type { AdminConnection, Row } from '../server/dialect.ts';
import type { ComparedTable } from './compared-tables.ts';

/** One of the two databases. */
export type Side = 'before' | 'after';

/** Texts of values must not depend on what a database or a role has as its defaults. Nothing is ever written. */
const SETTINGS = {
  bytea_output: 'hex',
  datestyle: 'ISO, YMD',
  default_transaction_read_only: 'on',
  extra_float_digits: '1',
  intervalstyle: 'postgres',
  jit: 'off',
  row_security: 'off',
  search_path: 'pg_catalog',
  timezone: 'UTC',
};

const CANCELLED = '57014';

/** Connections to two databases that are compared, on which no statement takes longer than there is time. */
export class Pair {
  readonly #connections: Readonly<Record<Side, AdminConnection>>;
  readonly #findings: Findings;

  constructor(before: AdminConnection, after: AdminConnection, findings: Findings) {
    this.#connections = { before, after };
    this.#findings = findings;
  }

  async prepare(): Promise<void> {
    const settings = Object.entries(SETTINGS).map(([name, value]) => `set_config('${name}', '${value}', false)`);
    await this.rows(() => `select ${settings.join(', ')}`);
  }

  /** Runs a statement on both at once; undefined for a side that has nothing to answer. */
  async rows(sql: (side: Side) => string | undefined): Promise<readonly [readonly Row[], readonly Row[]]> {
    const run = async (side: Side): Promise<readonly Row[]> => {
      const statement = sql(side);
      if (statement === undefined) return [];
      const { query } = this.#connections[side];
      await query(`set statement_timeout = ${Math.max(1, Math.ceil(this.#findings.remaining))}`);
      return query(statement);
    };
    // When one fails, the other one must not be left running.
    const [before, after] = await Promise.allSettled([run('before'), run('after')]);
    if (before.status === 'rejected') throw before.reason;
    if (after.status === 'rejected') throw after.reason;
    return [before.value, after.value];
  }

  /**
   * Does something unless the time is up. Answers `late` when it is, also when it was up before the end, and `failed` when
   * what the tables hold cannot be compared; a single table is named then.
   */
  async attempt(tables: readonly ComparedTable[], work: () => Promise<void>): Promise<'done' | 'failed' | 'late'> {
    if (this.#findings.isLate) return 'late';
    try {
      await work();
      return 'done';
    } catch (error) {
      if (codeOf(error) === CANCELLED) return 'late';
      if (!isAboutContent(error)) throw error;
      if (tables.length === 1) {
        this.#findings.leaveOut(`comparing table ${tables[0]?.name} failed: ${messageOf(error)}`);
      }
      return 'failed';
    }
  }
}

/** Whether the time was up while the server was at work. */
export function isCancelled(error: unknown): boolean {
  return codeOf(error) === CANCELLED;
}

/** Whether the server refuses a statement for what it is about, and not because it is ending or has no room. */
function isAboutContent(error: unknown): boolean {
  return /^(?!08|53|57|58)[0-9A-Z]{5}$/.test(codeOf(error));
}

function codeOf(error: unknown): string {
  return isErrorLike(error) && 'code' in error ? String(error.code) : '';
}
