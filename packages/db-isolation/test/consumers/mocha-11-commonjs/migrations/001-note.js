exports.up = (knex) =>
  knex.schema.createTable('note', (table) => {
    table.increments('id');
    table.text('text').notNullable();
  });

exports.down = (knex) => knex.schema.dropTable('note');
