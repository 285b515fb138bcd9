import type { Leak } from '../../leaks.ts';
import type { Others, Stranger } from './session.ts';
import { leaksOfStrangers } from './strangers.ts';
import type { Trail } from './trail.ts';

/** What a statement answers: rows, or how it went. */
export type Answer = readonly Record<string, unknown>[] | { readonly warningStatus: number };

type Ask = (sql: string) => Promise<Answer>;

/** Statements that change what all databases of the server share. */
const SERVER_SETTING = new RegExp(
  [
    String.raw`^\s*set\s+(?:.*,\s*)?(?:global|persist(?:_only)?)\s`,
    String.raw`^\s*set\s+(?:.*,\s*)?@@(?:global|persist(?:_only)?)\s*\.\s*[\w$]+\s*:?=`,
    String.raw`^\s*(?:grant|revoke)\b`,
    String.raw`^\s*(?:create|alter|drop|rename)\s+(?:or\s+replace\s+)?(?:user|role|tablespace|server)\b`,
    String.raw`^\s*(?:create|drop)\s+(?:or\s+replace\s+)?(?:database|schema)\b`,
  ].join('|'),
  'is',
);

/** In texts, names and comments words do nothing. */
const WITHOUT_WORDS =
  /'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|`(?:[^`]|``)*`|--(?=\s|$)[^\n]*|#[^\n]*|\/\*(?!!).*?\*\//gs;

/** What this makes does nothing yet. */
const PROGRAM = /^\s*create\b[^;]*\b(?:procedure|function|trigger|event|package)\b/i;

/** Whether a text changes what all databases of the server share, if it succeeds. */
export function isServerSetting(sql: string): boolean {
  const bare = sql.replace(WITHOUT_WORDS, (found) => (/^['"`]/.test(found) ? "''" : ' '));
  return !PROGRAM.test(bare) && bare.split(';').some((statement) => SERVER_SETTING.test(statement));
}

const TEMPORARY =
  /\bcreate\s+(?:or\s+replace\s+)?temporary\s+table\s+(?:if\s+not\s+exists\s+)?((?:`[^`]+`|[\w$]+)(?:\.(?:`[^`]+`|[\w$]+))?)/gi;

const STRANGERS = `select id, host, user, command, id = connection_id() as asks
  from information_schema.processlist where db = database()`;

/**
 * What is left in a connection. MariaDB and MySQL have no list of it that every user may see: what its statements may
 * have left is removed, and how that goes says whether it was there.
 */
export async function leftInMysql(query: Ask, trail: Trail, others: Others | undefined): Promise<readonly Leak[]> {
  const ask: Ask = (sql) => query(sql).catch(() => []); // what one question does not tell must not hide the others
  const leaks: Leak[] = [];
  if (trail.steps('advisory-lock').length > 0) {
    const [locks] = rowsOf(await ask('select release_all_locks() as count'));
    const count = Number(locks?.['count']);
    if (count > 0) {
      const message = `its connection still held ${count > 1 ? `${count} named locks` : 'a named lock'}`;
      leaks.push(trail.leak('advisory-lock', message));
    }
  }

  const statements = trail.steps('temporary-table').map(({ sql }) => sql);
  const tables = new Set(statements.flatMap((sql) => [...sql.matchAll(TEMPORARY)].map(([, name = '']) => name)));
  const left: string[] = [];
  if (tables.size > 0) await ask('set session sql_notes = 1'); // the app may have turned the warnings off
  for (const table of tables) {
    // A table that is not there is a warning.
    const answer = await ask(`drop temporary table if exists ${table}`);
    if ('warningStatus' in answer && answer.warningStatus === 0) left.push(table);
  }
  if (left.length > 0) {
    leaks.push(trail.leak('temporary-table', `it left temporary tables on its connection: ${left.join(', ')}`));
  }

  return others ? [...leaks, ...(await leaksOfStrangers(() => strangers(ask), others.ownPorts))] : leaks;
}

async function strangers(ask: Ask): Promise<readonly Stranger[]> {
  return rowsOf(await ask(STRANGERS)).map((row) => {
    const { id, host, user, command, asks } = Object.fromEntries(
      Object.entries(row).map(([name, value]) => [name.toLowerCase(), String(value)]), // MySQL 8 shouts
    );
    // A host without a port is a unix socket.
    const port = Number(/:(\d+)$/.exec(host ?? '')?.[1] ?? 0);
    return {
      id: id ?? '',
      port,
      asks: asks === '1',
      what: `user ${user} at ${host} (connection ${id} of the server, ${command})`,
    };
  });
}

function rowsOf(answer: Answer): readonly Record<string, unknown>[] {
  return Array.isArray(answer) ? answer : [];
}
