import type { Knex } from 'knex';
import { compareDecimals } from '../../money/decimal.ts';
import { MAX_SORT_KEY_LENGTH, sortKey } from '../../money/sortable-decimal.ts';
import { cutText, foldCase } from '../../text.ts';
import { addColumn, addIndex, dropColumn, dropIndex } from '../add-column.ts';
import { dialectOf } from '../dialect.ts';

const INVOICES_PER_UPDATE = 100;
const LINES_PER_UPDATE = 10_000;
const VENDOR_KEY_LENGTH = 200;
const LOW_CONFIDENCE = '0.75';

/** Each serves one order of the list; `upload_date` has one already. */
const INDEXES = [
  ['updated_at', 'id'],
  ['invoice_date_key', 'id'],
  ['total_amount_key', 'id'],
  ['vendor_name_key', 'id'],
  ['low_confidence', 'upload_date', 'id'],
];

const TEXTS = ['invoice_date_key', 'total_amount_key', 'vendor_name_key', 'search_text'] as const;
const SEARCHED = ['invoice_number', 'vendor_name', 'customer_name', 'po_number', 'file_name'];
const SOURCES = ['id', 'invoice_date', 'total_amount', 'field_confidence', ...SEARCHED];

/**
 * Lines get an id that stays when they are renumbered; invoices get what lists are ordered and searched by. Both are
 * filled for what is there already, so that nothing else is ever without them. Each step leaves alone what is done: it
 * can be run again after having been killed anywhere.
 */
export async function up(db: Knex): Promise<void> {
  await addColumn(db, 'line_items', 'id', ({ text }) => text('id', 36));
  await addColumn(db, 'invoices', 'invoice_date_key', ({ text }) => text('invoice_date_key', 10));
  await addColumn(db, 'invoices', 'total_amount_key', ({ text }) => text('total_amount_key', MAX_SORT_KEY_LENGTH));
  await addColumn(db, 'invoices', 'vendor_name_key', ({ text }) => text('vendor_name_key', VENDOR_KEY_LENGTH));
  await addColumn(db, 'invoices', 'low_confidence', ({ table }) => table.boolean('low_confidence'));
  await addColumn(db, 'invoices', 'search_text', ({ text }) => text('search_text'));
  // The index leads to the lines that have no id yet.
  await addIndex(db, 'line_items', ['id'], 'unique');
  await numberLines(db);
  await fillInvoices(db);
  for (const columns of INDEXES) {
    await addIndex(db, 'invoices', columns);
  }
}

export async function down(db: Knex): Promise<void> {
  for (const columns of INDEXES) {
    await dropIndex(db, 'invoices', columns);
  }
  for (const column of [...TEXTS, 'low_confidence']) {
    await dropColumn(db, 'invoices', column);
  }
  await dropIndex(db, 'line_items', ['id'], 'unique');
  await dropColumn(db, 'line_items', 'id');
}

const UUID = {
  sqlite: `lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' ||
    substr('89ab', 1 + (abs(random()) % 4), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))`,
  postgres: 'CAST(gen_random_uuid() AS text)',
  mysql: 'UUID()',
};

async function numberLines(db: Knex): Promise<void> {
  const uuid = UUID[dialectOf(db)];
  // Only MySQL keeps what was done before a kill, and only there has an UPDATE a limit.
  const limit = dialectOf(db) === 'mysql' ? `LIMIT ${LINES_PER_UPDATE}` : '';
  while ((await db('line_items').whereNull('id').first('id')) !== undefined) {
    await db.raw(`UPDATE line_items SET id = ${uuid} WHERE id IS NULL ${limit}`);
  }
}

/** Every invoice that is filled has a text to search, be it empty: an invoice without one is still to be done. */
async function fillInvoices(db: Knex): Promise<void> {
  let rows = await unfilledAfter(db, '');
  while (rows.length > 0) {
    const filled = rows.map(keysOf);
    await fill(db, filled);
    rows = await unfilledAfter(db, filled.at(-1)?.id ?? '');
  }
}

/** By id, so that those that are done are passed once and not before each batch. */
async function unfilledAfter(db: Knex, id: string): Promise<Row[]> {
  const query = db('invoices').where('id', '>', id).whereNull('search_text').orderBy('id');
  return query.limit(INVOICES_PER_UPDATE).select(SOURCES);
}

async function fill(db: Knex, filled: readonly Keys[]): Promise<void> {
  // First, as an invoice with a text to search counts as done.
  for (const low_confidence of [true, false]) {
    const alike = filled.filter((row) => row.low_confidence === low_confidence);
    await db('invoices').whereIn('id', idsOf(alike)).update({ low_confidence });
  }
  await db('invoices')
    .whereIn('id', idsOf(filled))
    .update(Object.fromEntries(TEXTS.map((column) => [column, eachItsOwn(db, filled, column)])));
}

function idsOf(rows: readonly Keys[]): string[] {
  return rows.map(({ id }) => id);
}

/** One statement for many rows: on MySQL each statement here is a transaction that waits for the disk. */
function eachItsOwn(db: Knex, rows: readonly Keys[], column: (typeof TEXTS)[number]): Knex.Raw {
  const cases = rows.map(() => 'WHEN ? THEN ?').join(' ');
  return db.raw(
    `CASE id ${cases} END`,
    rows.flatMap((row) => [row.id, row[column]]),
  );
}

type Row = Readonly<Record<string, string | null>>;

type Keys = ReturnType<typeof keysOf>;

/** What the service makes of an invoice for its lists. Written out, as what a migration does must not change. */
function keysOf(row: Row) {
  const { id, invoice_date, total_amount, vendor_name, field_confidence } = row;
  const searched = SEARCHED.map((column) => row[column] ?? '');
  const confidences = Object.values<string>(JSON.parse(String(field_confidence)));
  return {
    id: String(id),
    invoice_date_key: invoice_date ?? null,
    total_amount_key: total_amount ? sortKey(total_amount) : null,
    vendor_name_key: typeof vendor_name === 'string' ? cutText(vendor_name, VENDOR_KEY_LENGTH) : null,
    search_text: foldCase(searched.join('\u001f')),
    low_confidence: confidences.some((value) => compareDecimals(value, LOW_CONFIDENCE) < 0),
  };
}
