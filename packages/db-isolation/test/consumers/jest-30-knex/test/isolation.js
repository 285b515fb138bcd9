const { createIsolation } = require('@acme/db-isolation');
const { knexClient } = require('@acme/db-isolation/clients/knex');
const { sqlite } = require('@acme/db-isolation/engines/sqlite');
const { knexMigrations } = require('@acme/db-isolation/schemas/knex-migrations');

exports.isolation = createIsolation({
  engine: sqlite(),
  client: knexClient(),
  schema: knexMigrations({ directory: 'migrations' }),
});
