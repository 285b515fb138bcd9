import { createIsolation } from '@acme/db-isolation';
import { kyselyClient } from '@acme/db-isolation/clients/kysely';
import { sqlite } from '@acme/db-isolation/engines/sqlite';
import { isolationFixtures } from '@acme/db-isolation/runners/vitest';
import { kyselyMigrations } from '@acme/db-isolation/schemas/kysely-migrations';
import { test as base } from 'vitest';
import type { Database } from '../src/app.ts';

export const isolation = createIsolation({
  engine: sqlite(),
  client: kyselyClient<Database>(),
  schema: kyselyMigrations({ directory: 'migrations' }),
});

export const test = base.extend(isolationFixtures(isolation));
