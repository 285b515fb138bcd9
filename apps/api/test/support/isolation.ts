import { createIsolation } from '@acme/db-isolation';
import { knexClient } from '@acme/db-isolation/clients/knex';
import { knexMigrations } from '@acme/db-isolation/schemas/knex-migrations';
import { migrationSource } from '../../src/db/migrate.ts';
import { isolationEngine, knexConfig } from './engine.ts';
import { OWN_DATABASES } from './own-databases.ts';

/** What every test's database is made of: migrated as in production, and empty. */
export const databases = {
  engine: isolationEngine(),
  client: knexClient({ config: knexConfig }),
  schema: knexMigrations({
    directory: new URL('../../src/db/migrations', import.meta.url),
    migrator: { migrationSource },
  }),
  guard: { allow: OWN_DATABASES },
};

/** Every test's own database. */
export const isolation = createIsolation(databases);
