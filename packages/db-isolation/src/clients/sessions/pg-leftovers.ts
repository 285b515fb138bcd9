import type { Leak } from '../../leaks.ts';
import { TRACING } from '../../place.ts';
import type { Others, Stranger } from './session.ts';
import { leaksOfStrangers } from './strangers.ts';
import type { Beginning, Trail } from './trail.ts';

/** What PostgreSQL calls the statements that change what all databases share, whatever words they were given in. */
export const SERVER_SETTINGS: ReadonlySet<string> = new Set([
  ...['ALTER SYSTEM', 'CREATE DATABASE', 'DROP DATABASE'],
  ...['CREATE ROLE', 'ALTER ROLE', 'DROP ROLE', 'GRANT ROLE', 'REVOKE ROLE'],
  ...['CREATE TABLESPACE', 'ALTER TABLESPACE', 'DROP TABLESPACE'],
]);

type Rows = (sql: string) => Promise<readonly Record<string, unknown>[]>;

/** How to find what a statement may have left. The functions below the views take a third of their time. */
const QUESTIONS = {
  listener: 'select channel from pg_catalog.pg_listening_channels() channel',
  'advisory-lock': `select mode from pg_catalog.pg_lock_status()
    where locktype = 'advisory' and granted and pid = pg_catalog.pg_backend_pid()`,
  'open-cursor': 'select name from pg_catalog.pg_cursor()',
  'temporary-table': `select relname::text from pg_catalog.pg_class
    where relkind in ('r', 'p') and relnamespace = pg_catalog.pg_my_temp_schema()`,
} satisfies Partial<Record<Beginning, string>>;

const ASKED = Object.keys(QUESTIONS) as (keyof typeof QUESTIONS)[];

const MESSAGES: Readonly<Record<keyof typeof QUESTIONS, (found: readonly string[]) => string>> = {
  listener: (channels) => `its connection still listened for notifications: ${list(channels)}`,
  'advisory-lock': (modes) => `its connection still held ${modes.length > 1 ? 'advisory locks' : 'an advisory lock'}`,
  'open-cursor': (names) => `it left a cursor open: ${list(names)}`,
  'temporary-table': (names) => `it left temporary tables on its connection: ${list(names)}`,
};

const BACKENDS = `select pg_catalog.pg_stat_get_db_numbackends(oid)::text
  from pg_catalog.pg_database where datname = pg_catalog.current_database()`;

const STRANGERS = `select pid::text as id, client_port as port, application_name as name, state,
    case when pid = pg_catalog.pg_backend_pid() then 'yes' end as asks
  from pg_catalog.pg_stat_activity
  where datname = pg_catalog.current_database() and backend_type = 'client backend' and client_port > 0`;

/**
 * What is left in a connection. It is asked only for what its statements may have left, in one question; with tracing
 * for everything, since functions of the database may leave it as well.
 */
export async function leftInPg(rows: Rows, trail: Trail, others: Others | undefined): Promise<readonly Leak[]> {
  const kinds = ASKED.filter((kind) => TRACING || trail.steps(kind).length > 0);
  const questions = kinds.map((kind) => `select '${kind}' as kind, (${aggregate(QUESTIONS[kind])}) as found`);
  if (others) questions.push(`select 'backends' as kind, (${BACKENDS}) as found`);
  if (questions.length === 0) return [];

  const answers = await rows(questions.join(' union all '));
  const answer = new Map(answers.map(({ kind, found }) => [String(kind), found]));
  const leaks = kinds.flatMap((kind) => {
    const found: readonly string[] = JSON.parse(String(answer.get(kind) ?? '[]'));
    return found.length > 0 ? [trail.leak(kind, MESSAGES[kind](found))] : [];
  });
  if (!others || Number(answer.get('backends')) <= others.own) return leaks;
  return [...leaks, ...(await leaksOfStrangers(() => strangers(rows), others.ownPorts).catch(() => []))];
}

/** All rows as one text, which no setting of the driver makes anything else of. */
function aggregate(question: string): string {
  return `select pg_catalog.json_agg(answer)::text from (${question}) as question (answer)`;
}

async function strangers(rows: Rows): Promise<readonly Stranger[]> {
  return (await rows(STRANGERS)).map(({ id, port, name, state, asks }) => ({
    id: String(id),
    port: Number(port),
    asks: asks === 'yes',
    what: `${String(name || 'a program without a name')} (process ${id} of the server, ${state})`,
  }));
}

function list(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(', ');
}
