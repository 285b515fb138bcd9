import type { Knex } from 'knex';

/** What all approaches ask their database, so that all of them connect. */
export const QUERY = 'select count(*) as count from organisation';

export async function oneQuery(db: Knex): Promise<void> {
  await db.raw(QUERY);
}
