import { createIsolation, type Engine } from '@acme/db-isolation';
import { knexClient } from '@acme/db-isolation/clients/knex';
import { customSchema } from '@acme/db-isolation/schemas/custom-schema';
import type { Knex } from 'knex';
import { type RunnableIsolation, runnerAccess } from '../src/runner-access.ts';
import { migrateAndSeed, type Size } from './sample-database.ts';

/** This library with the sample database as its template. */
export function isolate(engine: Engine, size: Size): RunnableIsolation<Knex> {
  return createIsolation({
    engine,
    client: knexClient(),
    schema: customSchema<Knex>({
      fingerprint: `bench 2, ${size.rows} rows`,
      apply: (knex) => migrateAndSeed(knex, size),
    }),
  }) as RunnableIsolation<Knex>;
}

/** Waits for what is under way in the background, and drops what was made ahead. */
export function settle(isolation: RunnableIsolation<Knex>): Promise<void> {
  return isolation[runnerAccess].settle();
}
