import { createIsolation } from '@acme/db-isolation';
import { drizzleClient } from '@acme/db-isolation/clients/drizzle';
import { sqlite } from '@acme/db-isolation/engines/sqlite';
import { drizzleMigrations } from '@acme/db-isolation/schemas/drizzle-migrations';
import * as schema from '../src/schema.ts';

export const isolation = createIsolation({
  engine: sqlite(),
  client: drizzleClient({ schema }),
  schema: drizzleMigrations({ folder: 'migrations' }),
});
