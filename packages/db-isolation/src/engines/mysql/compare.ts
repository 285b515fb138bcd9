import { schemaChanges } from '../definitions.ts';
import type { Findings } from '../findings.ts';
import { checksums } from './clone-plan.ts';
import { compareKeyed } from './compare-keyed.ts';
import { compareKeyless } from './compare-keyless.ts';
import { readTables } from './compared-tables.ts';
import type { MysqlConnection } from './connection.ts';
import { readDefinitions } from './definitions.ts';
import { isTimeout, Timed } from './timed.ts';

/** What is compared. */
interface Databases {
  readonly database: string;
  /** The template. */
  readonly original: string;
  /** What sealing the template answered. */
  readonly how: string;
  readonly findings: Findings;
}

/** Tables of so many bytes are compared as a whole first, since most of them are equal. */
const SMALL = 1_048_576;

/**
 * Compares a database with its template.
 *
 * @param connection used by nobody else, and closed afterwards.
 */
export async function compareDatabases(connection: MysqlConnection, databases: Databases): Promise<void> {
  try {
    await compare(connection, databases);
  } catch (error) {
    if (!isTimeout(error)) throw error;
    databases.findings.leaveOut('the time was up before any table was compared');
  }
}

async function compare(connection: MysqlConnection, databases: Databases): Promise<void> {
  const { database, original, how, findings } = databases;
  const timed = new Timed(connection, findings);
  await timed.queries([]);
  const events = BigInt(`0x${how.split(' ')[1] ?? '0'}`);
  const before = await readDefinitions(connection, original, events);
  findings.schema = schemaChanges(before, await readDefinitions(connection, database, 0n));
  const tables = await readTables(connection, original, database);
  const altered = new Set(findings.schema.map(({ object }) => object));
  const small = tables.filter(({ size, name }) => size <= SMALL && !altered.has(`table ${name}`));
  const names = small.map(({ name }) => name);
  await timed.queries([]); // the time that is left now
  const [sums, originals] = [
    await checksums(connection, database, names),
    await checksums(connection, original, names),
  ];
  const equal = new Set(small.filter((_, i) => sums[i] === originals[i]));
  for (const table of tables) {
    if (equal.has(table) || table.columns.length === 0) continue;
    if (table.key.length > 0) await compareKeyed(timed, table, findings);
    else await compareKeyless(timed, table, findings);
  }
}
