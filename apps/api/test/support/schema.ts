import type { Knex } from 'knex';
import { dialectOf } from '../../src/db/dialect.ts';

const TABLES = ['invoices', 'line_items', 'review_history', 'audit_log', 'audit_head', 'api_keys'];

/** All that a database says of the service's tables; equal for two that are made alike. */
export async function schemaOf(db: Knex): Promise<unknown> {
  switch (dialectOf(db)) {
    case 'sqlite':
      return db('sqlite_master').whereIn('tbl_name', TABLES).orderBy('name').select('name', 'sql');
    case 'postgres':
      return postgresSchema(db);
    case 'mysql':
      return mysqlSchema(db);
  }
}

async function postgresSchema(db: Knex): Promise<unknown> {
  const columns = db('information_schema.columns')
    .whereIn('table_name', TABLES)
    .orderBy(['table_name', 'ordinal_position'])
    .select('table_name', 'column_name', 'data_type', 'character_maximum_length', 'collation_name', 'is_nullable');
  const indexes = db('pg_indexes').whereIn('tablename', TABLES).orderBy('indexname').pluck('indexdef');
  const triggers = db.raw(`SELECT pg_get_triggerdef(oid) AS trigger FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1`);
  const constraints = db.raw(`SELECT conname, pg_get_constraintdef(oid) AS definition FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace ORDER BY 1`);
  return [await columns, await indexes, (await triggers).rows, (await constraints).rows];
}

async function mysqlSchema(db: Knex): Promise<unknown> {
  const tables = [];
  for (const table of TABLES) {
    const [[created]] = await db.raw('SHOW CREATE TABLE ??', [table]);
    tables.push(created['Create Table']);
  }
  const [triggers] = await db.raw('SHOW TRIGGERS');
  return [tables, triggers.map((row: Record<string, string>) => [row['Trigger'], row['Event'], row['Statement']])];
}
