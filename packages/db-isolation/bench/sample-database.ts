import type { Knex } from 'knex';

/** A template size: its name in the table and about how many rows it has. */
export interface Size {
  readonly name: 'small' | 'medium' | 'large';
  readonly rows: number;
}

export const SIZES: readonly Size[] = [
  { name: 'small', rows: 100 },
  { name: 'medium', rows: 100_000 },
  { name: 'large', rows: 1_000_000 },
];

interface Table {
  readonly name: string;
  /** Its part of all rows. */
  readonly share: number;
  readonly parents?: readonly string[];
  /** A column that a later migration adds. */
  readonly added?: string;
}

const TABLES: readonly Table[] = [
  { name: 'organisation', share: 0.01 },
  { name: 'person', share: 0.04, added: 'email' },
  { name: 'membership', share: 0.05, parents: ['organisation', 'person'] },
  { name: 'supplier', share: 0.03 },
  { name: 'contract', share: 0.05, parents: ['supplier', 'organisation'] },
  { name: 'invoice', share: 0.15, parents: ['supplier', 'contract'], added: 'state' },
  { name: 'line_item', share: 0.4, parents: ['invoice'] },
  { name: 'payment', share: 0.1, parents: ['invoice'] },
  { name: 'comment', share: 0.07, parents: ['invoice', 'person'] },
  { name: 'attachment', share: 0.03, parents: ['comment'] },
  { name: 'label', share: 0.02 },
  { name: 'invoice_label', share: 0.05, parents: ['invoice', 'label'] },
];

/** Names of all tables. */
export const TABLE_NAMES: readonly string[] = TABLES.map(({ name }) => name);

/** Twelve tables, then three changes to them, as a project of some age has. */
const MIGRATIONS: readonly { readonly name: string; readonly up: (knex: Knex) => Promise<void> }[] = [
  ...TABLES.map((table) => ({ name: `create_${table.name}`, up: (knex: Knex) => create(knex, table) })),
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

/** Runs the fifteen migrations and fills every table. */
export async function migrateAndSeed(knex: Knex, size: Size): Promise<void> {
  await knex.migrate.latest({ migrationSource });
  await seed(knex, size);
}

/** Fills the empty tables with one statement each, which is about as quick as seeds can be. */
export async function seed(knex: Knex, { rows }: Size): Promise<void> {
  const counts = new Map(TABLES.map(({ name, share }) => [name, Math.max(3, Math.round(share * rows))]));
  for (const { name, parents = [], added } of TABLES) {
    const references = parents.map((parent) => `${parent}_id`);
    const columns = ['name', 'note', ...(references.length > 0 ? ['amount'] : []), ...references, added ?? []].flat();
    const values = columns.map((column) => valueFor(column, counts));
    await knex.raw(`insert into ${name} (${columns.join(', ')}) ${numbered(values, counts.get(name) ?? 0)}`);
  }
}

/** A query with `count` rows, in which `i` is 1, 2, 3 …; its recursion is not deeper than every server allows. */
function numbered(values: readonly string[], count: number): string {
  return `
    with recursive n(i) as (select 0 union all select i + 1 from n where i < ${Math.min(count, 1000) - 1})
    select ${values.join(', ')} from (
      select a.i * 1000 + b.i + 1 as i from n a cross join n b where a.i <= ${Math.floor((count - 1) / 1000)}
    ) numbers where i <= ${count}`;
}

function valueFor(column: string, counts: ReadonlyMap<string, number>): string {
  const parent = counts.get(column.replace(/_id$/, ''));
  if (parent !== undefined) return `(i * 7) % ${parent} + 1`;
  if (column === 'amount') return `concat(i, '.25')`;
  return `concat('${column} ', i, ' of a row that is about as long as rows are')`;
}

function create(knex: Knex, { name, parents = [] }: Table): Promise<void> {
  return knex.schema.createTable(name, (table) => {
    table.increments('id');
    table.string('name', 120).notNullable();
    table.text('note');
    table.timestamp('created_at').defaultTo(knex.fn.now());
    if (parents.length > 0) table.string('amount');
    for (const parent of parents) {
      // Unsigned as the numbers that it refers to, where there are two kinds.
      table.integer(`${parent}_id`).unsigned().notNullable().references('id').inTable(parent).onDelete('CASCADE');
      table.index([`${parent}_id`]);
    }
  });
}
