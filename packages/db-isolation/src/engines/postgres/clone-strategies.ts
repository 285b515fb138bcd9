import { elapsed } from '../../real-time.ts';
import type { AdminConnection } from '../server/dialect.ts';
import { quote } from './quote.ts';

/**
 * Ways to copy a template. `file_copy` copies files, which forces a checkpoint; `wal_log` writes every block to the log;
 * `file_clone` (from PostgreSQL 18, on file systems that can) shares blocks. Which one is fastest depends on the server, its
 * disk and its load: https://www.postgresql.org/docs/current/sql-createdatabase.html
 */
const STRATEGIES = {
  wal_log: { oldest: 150_000, option: 'wal_log', method: undefined },
  file_copy: { oldest: 150_000, option: 'file_copy', method: undefined },
  file_clone: { oldest: 180_000, option: 'file_copy', method: 'clone' },
} as const;

/** One of the ways. */
export type Strategy = keyof typeof STRATEGIES;

const ROUNDS = 3;
/** After so many milliseconds one round has to do: a large template is copied by its size, not by chance. */
const PATIENCE_MS = 1_500;

/** Finds out which strategy is fastest for a template, by making and dropping a database with each. */
export async function fastestStrategy(
  connection: AdminConnection,
  template: string,
  scratch: string,
): Promise<Strategy> {
  const [server] = await connection.query("select current_setting('server_version_num')::int as version");
  const possible = (Object.keys(STRATEGIES) as Strategy[]).filter(
    (name) => STRATEGIES[name].oldest <= Number(server?.['version']),
  );
  const best = new Map<Strategy, number>(possible.map((name) => [name, Number.POSITIVE_INFINITY]));
  const start = elapsed();
  for (let round = 0; round < ROUNDS && (round === 0 || elapsed() - start < PATIENCE_MS); round += 1) {
    for (const [name, fastest] of best) {
      const time = await measure(connection, template, scratch, name);
      if (time === undefined) best.delete(name);
      else best.set(name, Math.min(fastest, time));
    }
  }
  const [fastest] = [...best].sort(([, one], [, other]) => one - other)[0] ?? ['wal_log' as const];
  return fastest;
}

/** Copies a template. */
export async function runStrategy(
  connection: AdminConnection,
  template: string,
  name: string,
  strategy: Strategy,
): Promise<void> {
  const { option, method } = STRATEGIES[strategy];
  if (method) await connection.query(`set file_copy_method = ${method}`);
  try {
    await connection.query(`create database ${quote(name)} template ${quote(template)} strategy = ${option}`);
  } finally {
    if (method) await connection.query('reset file_copy_method');
  }
}

/** Milliseconds; undefined where the server cannot do it. */
async function measure(
  connection: AdminConnection,
  template: string,
  scratch: string,
  strategy: Strategy,
): Promise<number | undefined> {
  const start = elapsed();
  try {
    await runStrategy(connection, template, scratch, strategy);
  } catch (error) {
    if (strategy === 'file_clone') return undefined;
    throw error;
  }
  const time = elapsed() - start;
  await connection.query(`drop database ${quote(scratch)}`);
  return time;
}
