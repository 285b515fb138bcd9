import { type Approach, whole } from '../approach.ts';
import { migrateAndSeed, type Size } from '../sample-database.ts';
import type { BenchmarkServer } from './server.ts';

/** What many teams do: a new database, all migrations, all seeds, for every test. */
export function migratePerTest(server: BenchmarkServer, size: Size): Approach {
  return whole(
    'migrate + seed in a new database',
    async () => {
      const name = server.newName();
      await server.admin(`create database ${name}`);
      const knex = server.knex(name);
      await migrateAndSeed(knex, size);
      await knex.destroy();
      await server.admin(`drop database ${name}`);
    },
    true,
  );
}
