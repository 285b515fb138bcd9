const knex = require('knex');
const { createProvider } = require('@acme/db-isolation/provider');

exports.database = createProvider(() =>
  knex({ client: 'better-sqlite3', connection: { filename: 'production.sqlite' }, useNullAsDefault: true }),
);
