import type { ServerDialect } from './dialect.ts';
import { Registry } from './registry.ts';
import { lockAll, locksOf } from './run-locks.ts';

/** How long the server may take to finish what it was doing for the process that exits, in milliseconds. */
const FINISHING_MS = 5_000;

/**
 * Removes the databases of a run whose process can no longer do so and has cut off its connections, except those that are
 * kept. Leaves all to the next run when the server is still making one.
 */
export async function removeRun(dialect: ServerDialect, run: string): Promise<void> {
  const connection = await dialect.connect(dialect.registryName);
  try {
    if (!(await lockAll(dialect, connection, locksOf(run), FINISHING_MS))) return;
    const registry = new Registry(connection.query, dialect.nowSql);
    const names = await registry.namesOf(run);
    for (const name of names) await dialect.drop(connection, name);
    await registry.forget(names);
    await registry.forgetRun(run);
  } finally {
    await connection.close();
  }
}
