import type { MysqlConnection } from './connection.ts';
import type { Inventory } from './inventory.ts';
import { identifier } from './quoting.ts';
import { isError } from './server-errors.ts';

/**
 * Gives back the numbers that the server keeps ready for each sequence: its tables say only which number comes after those,
 * and a clone has to go on where the template would.
 */
export async function clearSequences(connection: MysqlConnection, { database, tables }: Inventory): Promise<void> {
  for (const { kind, name } of tables) {
    if (kind !== 'sequence') continue;
    const sequence = `${identifier(database)}.${identifier(name)}`;
    try {
      const [row] = await connection.query(`select nextval(${sequence}) as next`);
      await connection.query(`alter sequence ${sequence} restart ${String(row?.['next'])}`);
    } catch (error) {
      if (!isError(error, 'sequenceRunOut')) throw error; // else nothing is ready
    }
  }
}
