import { createIsolation } from '@acme/db-isolation';
import { knexClient } from '@acme/db-isolation/clients/knex';
import { sqlite } from '@acme/db-isolation/engines/sqlite';
import { knexMigrations } from '@acme/db-isolation/schemas/knex-migrations';
import { migrationSource } from '../../src/db/migrate.ts';
import { SqliteClient } from '../../src/db/sqlite-client.ts';

/** Every test's own database: migrated as in production, and empty. */
export const isolation = createIsolation({
  engine: sqlite({ pragmas: { journal_mode: 'wal' } }),
  client: knexClient({ config: { client: SqliteClient } }),
  schema: knexMigrations({
    directory: new URL('../../src/db/migrations', import.meta.url),
    migrator: { migrationSource },
  }),
});
