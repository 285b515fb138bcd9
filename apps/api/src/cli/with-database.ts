import type { Knex } from 'knex';
import { readConfig } from '../config.ts';
import { createDatabase } from '../db/create-database.ts';
import { databaseFailure, StartupError } from '../startup-failure.ts';

/**
 * Runs something on the database that the service is configured for, and closes it.
 *
 * @throws StartupError in one line when it cannot be used.
 */
export async function withDatabase<T>(work: (db: Knex) => Promise<T>): Promise<T> {
  const config = readConfig();
  let db: Knex | undefined;
  try {
    db = createDatabase({ url: config.databaseUrl });
    return await work(db);
  } catch (cause) {
    throw cause instanceof StartupError ? cause : databaseFailure(cause, config);
  } finally {
    await db?.destroy();
  }
}
