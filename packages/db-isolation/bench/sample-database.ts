import type { Knex } from 'knex';

/** A template size: its name in the table and about how many rows it has. */
export interface Size {
  readonly name: 'small' | 'medium' | 'large';
  readonly rows: number;
}

type Columns = (table: Knex.CreateTableBuilder, knex: Knex) => void;

const TABLES: readonly { readonly name: string; readonly share: number; readonly columns: Columns }[] = [
  { name: 'organisation', share: 0.01, columns: named },
  { name: 'person', share: 0.04, columns: named },
  { name: 'membership', share: 0.05, columns: child('organisation', 'person') },
  { name: 'supplier', share: 0.03, columns: named },
  { name: 'contract', share: 0.05, columns: child('supplier', 'organisation') },
  { name: 'invoice', share: 0.15, columns: child('supplier', 'contract') },
  { name: 'line_item', share: 0.4, columns: child('invoice') },
  { name: 'payment', share: 0.1, columns: child('invoice') },
  { name: 'comment', share: 0.07, columns: child('invoice', 'person') },
  { name: 'attachment', share: 0.03, columns: child('comment') },
  { name: 'label', share: 0.02, columns: named },
  { name: 'invoice_label', share: 0.05, columns: child('invoice', 'label') },
];

/** Twelve tables, then three changes to them, as a project of some age has. */
const MIGRATIONS: readonly { readonly name: string; readonly up: (knex: Knex) => Promise<void> }[] = [
  ...TABLES.map(({ name, columns }) => ({
    name: `create_${name}`,
    up: (knex: Knex) => knex.schema.createTable(name, (table) => columns(table, knex)),
  })),
  {
    name: 'invoice_state',
    up: (knex) => knex.schema.alterTable('invoice', (t) => t.string('state').defaultTo('open')),
  },
  { name: 'invoice_state_index', up: (knex) => knex.schema.alterTable('invoice', (t) => t.index(['state', 'amount'])) },
  { name: 'person_email', up: (knex) => knex.schema.alterTable('person', (t) => t.string('email')) },
];

const migrationSource: Knex.MigrationSource<(typeof MIGRATIONS)[number]> = {
  getMigrations: async () => [...MIGRATIONS],
  getMigrationName: ({ name }) => name,
  getMigration: async ({ up }) => ({ up, down: async () => {} }),
};

/** Runs the fifteen migrations and fills every table with one statement. */
export async function migrateAndSeed(knex: Knex, { rows }: Size): Promise<void> {
  await knex.migrate.latest({ migrationSource });
  const counts = new Map(TABLES.map(({ name, share }) => [name, Math.max(3, Math.round(share * rows))]));
  for (const [table, count] of counts) {
    const columns = Object.keys(await knex(table).columnInfo()).filter((column) => column !== 'id');
    const values = columns.map((column) => valueFor(column, counts));
    await knex.raw(
      `insert into ${table} (${columns.join(', ')})
       with recursive n(i) as (select 1 union all select i + 1 from n where i < ${count})
       select ${values.join(', ')} from n`,
    );
  }
}

function valueFor(column: string, counts: ReadonlyMap<string, number>): string {
  const parent = counts.get(column.replace(/_id$/, ''));
  if (parent !== undefined) return `(i * 7) % ${parent} + 1`;
  if (column === 'amount') return `i || '.25'`;
  return `'${column} ' || i || ' of a row that is about as long as rows are'`;
}

function named(table: Knex.CreateTableBuilder, knex: Knex): void {
  table.increments('id');
  table.string('name', 120).notNullable();
  table.text('note');
  table.timestamp('created_at').defaultTo(knex.fn.now());
}

function child(...parents: readonly string[]): Columns {
  return (table, knex) => {
    named(table, knex);
    table.string('amount');
    for (const parent of parents) {
      table.integer(`${parent}_id`).notNullable().references('id').inTable(parent).onDelete('CASCADE');
      table.index([`${parent}_id`]);
    }
  };
}
