import { type ClonePlan, checksums, readClonePlan } from './clone-plan.ts';
import type { MysqlConnection } from './connection.ts';
import { type Pieces, withName } from './pieces.ts';
import { identifier } from './quoting.ts';
import { notCloneable } from './refusals.ts';

/** What rows are copied with: every value as it is, also zeros in counters, and dates that are none. */
const SETTINGS = `set unique_checks = 0, sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES,NO_ENGINE_SUBSTITUTION'`;

/** Makes a database by a plan, in one trip to the server if that can hold all statements. */
export async function makeClone(connection: MysqlConnection, plan: ClonePlan, template: string, name: string) {
  const [createDatabase = [], ...create] = plan.create;
  const named = (statements: readonly Pieces[]) => statements.map((statement) => withName(statement, name));
  const begin = [SETTINGS, `use ${identifier(name)}`];
  const messages = inMessages([...named(create), ...plan.copy, ...named(plan.finish)], plan.maxLength);
  const [first = [], ...others] = messages;
  await connection.batch([
    // Fails when the template has gone, also if no statement reads from it.
    [`show create database ${identifier(template)}`, withName(createDatabase, name), ...begin, ...first],
    ...others.map((statements) => [...begin, ...statements]),
  ]);
}

/**
 * Compares a fresh clone with its template: once, so that whatever a plan does not know about is not lost in silence.
 *
 * @throws {IsolationError} `DBI_NOT_CLONEABLE`.
 */
export async function verifyClone(
  connection: MysqlConnection,
  plan: ClonePlan,
  template: string,
  name: string,
  templateSums: readonly string[],
): Promise<void> {
  if (plan.isAlive) return; // an event may have changed it already
  const copy = await readClonePlan(connection, name, 0n);
  const sums = await checksums(connection, name, plan.tables);
  const reasons = plan.tables
    .filter((_, i) => sums[i] !== templateSums[i])
    .map((table) => `the rows of table ${table} are not the same in a copy`);
  const statements = [...plan.create, ...plan.finish].map((statement) => withName(statement, template));
  const copied = new Set([...copy.create, ...copy.finish].map((statement) => withName(statement, template)));
  const lost = statements.filter((statement) => !copied.has(statement));
  reasons.push(...lost.map((statement) => `this is not the same in a copy: ${statement}`));
  if (lost.length === 0 && copy.definition !== plan.definition) reasons.push('its order is not the same in a copy');
  if (reasons.length > 0) throw notCloneable(template, reasons);
}

/** Splits statements among messages that are not too long for the server. */
function inMessages(statements: readonly string[], maxLength: number): readonly (readonly string[])[] {
  const messages: string[][] = [[]];
  let length = 0;
  for (const statement of statements) {
    length += statement.length;
    if (length > maxLength) {
      messages.push([]);
      length = statement.length;
    }
    messages.at(-1)?.push(statement);
  }
  return messages;
}
