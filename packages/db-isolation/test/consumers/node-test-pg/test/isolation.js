import { createIsolation } from '@acme/db-isolation';
import { pgClient } from '@acme/db-isolation/clients/pg';
import { postgres } from '@acme/db-isolation/engines/postgres';
import { sqlFiles } from '@acme/db-isolation/schemas/sql-files';

export const isolation = createIsolation({
  engine: postgres(),
  client: pgClient(),
  schema: sqlFiles({ files: 'schema.sql' }),
});
