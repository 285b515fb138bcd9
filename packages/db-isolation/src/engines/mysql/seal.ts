import { messageOf } from '../../errors.ts';
import { makeClone, verifyClone } from './clone.ts';
import { type ClonePlan, checksums, readClonePlan, sha256 } from './clone-plan.ts';
import type { MysqlConnection } from './connection.ts';
import { dropDatabase } from './drop.ts';
import { type Inventory, readInventory } from './inventory.ts';
import { type EventSet, programStatements, withStatus } from './programs.ts';
import { identifier } from './quoting.ts';
import { notCloneable } from './refusals.ts';
import { clearSequences } from './sequences.ts';
import { isRejection } from './server-errors.ts';
import { hasReadOnly } from './version.ts';

/** What fits into the text that the registry keeps, at four events a character. */
const MAX_EVENTS = 240;

/**
 * Finishes a template. Its events are disabled, so that none changes it; clones have them enabled. A first clone is made
 * and compared with the template. MySQL 8.0.22 and later then refuse everybody who wants to change it. MariaDB cannot, so
 * {@link readSealed} notices it there.
 *
 * @throws {IsolationError} `DBI_NOT_CLONEABLE`.
 */
export async function sealTemplate(connection: MysqlConnection, template: string, scratch: string): Promise<string> {
  const inventory = await readInventory(connection, template, 0n);
  await clearSequences(connection, inventory);
  const events = await disableEvents(connection, inventory);
  const plan = await readClonePlan(connection, template, events);
  const sums = await checksums(connection, template, plan.tables);
  try {
    await makeClone(connection, plan, template, scratch);
    await verifyClone(connection, plan, template, scratch, sums);
  } catch (error) {
    throw isRejection(error) ? notCloneable(template, [`the server says "${messageOf(error)}"`], error) : error;
  } finally {
    await dropDatabase(connection, scratch);
  }
  if (hasReadOnly(connection.version)) await connection.query(`alter database ${identifier(template)} read only = 1`);
  return `${contentOf(plan, sums)} ${events.toString(16)}`;
}

/**
 * Reads how to clone a sealed template.
 *
 * @param how what {@link sealTemplate} answered.
 * @throws {IsolationError} `DBI_NOT_CLONEABLE` when somebody has changed it.
 */
export async function readSealed(connection: MysqlConnection, template: string, how: string): Promise<ClonePlan> {
  const [content, events = '0'] = how.split(' ');
  const plan = await readClonePlan(connection, template, BigInt(`0x${events}`));
  if (hasReadOnly(connection.version)) return plan;
  const found = contentOf(plan, await checksums(connection, template, plan.tables));
  if (found !== content) {
    throw notCloneable(template, [
      `something has changed it since it was sealed; DROP DATABASE ${template} has it built again`,
    ]);
  }
  return plan;
}

function contentOf(plan: ClonePlan, sums: readonly string[]): string {
  return sha256(JSON.stringify([plan.definition, sums])).slice(0, 32);
}

/** Makes enabled events again, as disabled ones: changing them would change who defined them. Answers which they were. */
async function disableEvents(connection: MysqlConnection, inventory: Inventory): Promise<EventSet> {
  const events = inventory.programs.filter((program) => program.kind === 'event');
  const enabled = events.filter((event) => event.isEnabled);
  if (enabled.length === 0) return 0n;
  if (events.length > MAX_EVENTS) throw notCloneable(inventory.database, [`more than ${MAX_EVENTS} events`]);
  const disabled = enabled.map((event) => ({ ...event, ddl: withStatus(event.ddl, 'DISABLE') }));
  const drops = enabled.map((event) => `drop event ${identifier(event.name)}`);
  const use = `use ${identifier(inventory.database)}`;
  await connection.batch([[use, ...drops, ...programStatements({ ...inventory, programs: disabled })]]);
  return events.reduce((set, event, i) => (event.isEnabled ? set | (1n << BigInt(i)) : set), 0n);
}
