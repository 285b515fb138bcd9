import type { Knex } from 'knex';
import { type Approach, whole } from '../approach.ts';
import { migrateAndSeed, type Size, seed } from '../sample-database.ts';
import { loadPeer } from './peers.ts';
import type { BenchmarkServer } from './server.ts';

/** One database for all tests, which is made to equal the template again after each of them. */
export async function resetsInPlace(
  server: BenchmarkServer,
  size: Size,
): Promise<{ readonly approaches: readonly Approach[]; close(): Promise<void> }> {
  const name = server.newName();
  await server.admin(`create database ${name}`);
  const knex = server.knex(name);
  await migrateAndSeed(knex, size);
  return {
    approaches: [truncateAndReseed(server, knex, size), ...cleanAndReseed(knex, size)],
    async close() {
      await knex.destroy();
      await server.admin(`drop database ${name}`);
    },
  };
}

/** As teams write it themselves. */
function truncateAndReseed(server: BenchmarkServer, knex: Knex, size: Size): Approach {
  return whole(
    'truncate all + reseed',
    async () => {
      await writeSomething(knex);
      await server.truncateAll(knex);
      await seed(knex, size);
    },
    true,
  );
}

/** knex-cleaner empties seeded tables too, so tests that need the template's rows have to reseed. */
function cleanAndReseed(knex: Knex, size: Size): readonly Approach[] {
  const cleaner = loadPeer('knex-cleaner');
  if (!cleaner) return [];
  const test = async () => {
    await writeSomething(knex);
    await cleaner.clean(knex, { ignoreTables: ['knex_migrations', 'knex_migrations_lock'] });
    await seed(knex, size);
  };
  return [whole('knex-cleaner + reseed', test, true)];
}

async function writeSomething(knex: Knex): Promise<void> {
  await knex('person').insert({ name: 'person of a test' });
}
