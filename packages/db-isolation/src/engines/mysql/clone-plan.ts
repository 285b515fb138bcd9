import { createHash } from 'node:crypto';
import type { MysqlConnection } from './connection.ts';
import { readInventory } from './inventory.ts';
import { type Pieces, pieces } from './pieces.ts';
import { type EventSet, programStatements } from './programs.ts';
import { identifier } from './quoting.ts';
import { copyStatements, tableStatements } from './tables.ts';

/** All that is needed to make databases that equal a template, read once. */
export interface ClonePlan {
  /** Make the database and everything that rows are put into. */
  readonly create: readonly Pieces[];
  /** Fill the tables of the current database. */
  readonly copy: readonly string[];
  /** Make what would get in the way of filling, or refers to tables: views, routines, triggers, events. */
  readonly finish: readonly Pieces[];
  /** Tables whose content can be compared. */
  readonly tables: readonly string[];
  /** Equal for databases with equal definitions, whatever their names. */
  readonly definition: string;
  /** Whether something may change a database that equals the template as soon as it is there. */
  readonly isAlive: boolean;
  /** How many characters one message to the server may have. */
  readonly maxLength: number;
}

/**
 * Reads a database.
 *
 * @param enabledEvents events to enable in clones though they are not enabled here.
 * @throws {IsolationError} `DBI_NOT_CLONEABLE` when it holds what cannot be copied faithfully.
 */
export async function readClonePlan(
  connection: MysqlConnection,
  database: string,
  enabledEvents: EventSet,
): Promise<ClonePlan> {
  const inventory = await readInventory(connection, database, enabledEvents);
  const create = [inventory.createDatabase, ...tableStatements(inventory)].map((sql) => pieces(sql, database));
  const finish = programStatements(inventory).map((sql) => pieces(sql, database));
  // Whether the time of an event has passed depends on when one looks.
  const timeless = inventory.programs.map((program) => ({ ...program, timestamp: undefined }));
  const programs = programStatements({ ...inventory, programs: timeless }).map((sql) => pieces(sql, database));
  return {
    create,
    copy: copyStatements(inventory),
    finish,
    tables: inventory.tables.filter((table) => table.holdsRows).map((table) => table.name),
    definition: sha256(JSON.stringify([create, programs])),
    isAlive: inventory.variables['event_scheduler'] === 'ON' && inventory.programs.some((program) => program.isEnabled),
    maxLength: Math.floor(Number(inventory.variables['max_allowed_packet'] ?? 1_048_576) / 4),
  };
}

/** Sums of the rows of each table, equal for equal rows. */
export async function checksums(connection: MysqlConnection, database: string, tables: readonly string[]) {
  if (tables.length === 0) return [];
  const names = tables.map((table) => `${identifier(database)}.${identifier(table)}`);
  const rows = await connection.query(`checksum table ${names.join(', ')}`);
  return rows.map((row) => String(row['checksum']));
}

export function sha256(value: string): string {
  return createHash('sha256').update(value).digest('hex');
}
