import type { Knex } from 'knex';
import { z } from 'zod';
import { replied } from '../http/reply-values.ts';
import { shownConfidence } from '../model/extraction-confidence.ts';
import { isStorableText } from '../text.ts';

/** Which page of the list. */
export interface ListRequest {
  readonly limit: number;
  readonly skip: number;
  /** Only invoices with exactly this status; empty for all. */
  readonly status: string;
}

const COLUMNS = [
  ...([
    'invoice_number',
    'vendor_name',
    'total_amount',
    'currency',
    'invoice_date',
    'status',
    'review_status',
  ] as const),
  ...(['extraction_confidence', 'upload_date'] as const),
];

/** One page of the invoices, newest upload first, ids in order where the upload was at the same moment. */
export async function listInvoices(db: Knex, { limit, skip, status }: ListRequest): Promise<object> {
  // A text that no column can hold is no status; asking for it could be an error of the driver.
  const { rows, total } = isStorableText(status) ? await readPage(db, { limit, skip, status }) : { rows: [], total: 0 };
  return { invoices: rows.map(summary), total, returned: rows.length, skip, limit };
}

type Row = Readonly<Record<string, string | number | null>>;

/** In one statement, which sees one state of the database without a transaction: that would cost as much again. */
async function readPage(db: Knex, { limit, skip, status }: ListRequest): Promise<{ rows: Row[]; total: number }> {
  const matching = db('invoices').where(status === '' ? {} : { status });
  const counted = matching.clone().count({ total: '*' }).as('counted');
  const page = matching
    .select('id', ...COLUMNS, lineItemCount(db))
    .orderBy(ORDER)
    .limit(limit)
    .offset(skip)
    .as('page');
  // The count is there also beside a page that has no invoice; then the row's other columns are empty.
  const found: Row[] = await db.from(counted).leftJoin(page, db.raw('1 = 1')).orderBy(ORDER).select();
  return { rows: found.filter(({ id }) => id !== null), total: Number(found[0]?.['total']) };
}

const ORDER = [
  { column: 'upload_date', order: 'desc' },
  { column: 'id', order: 'asc' },
];

function lineItemCount(db: Knex): Knex.QueryBuilder {
  return db('line_items')
    .count('*')
    .where({ invoice_id: db.ref('invoices.id') })
    .as('line_item_count');
}

function summary({ id, total, ...row }: Row): object {
  return {
    invoice_id: id,
    ...row,
    extraction_confidence: shownConfidence(row['extraction_confidence'] as string | null) ?? '0',
    line_item_count: Number(row['line_item_count']),
  };
}

const { text, decimal, date, time } = replied;
const count = z.int().min(0);

/** What the list looks like. */
export const listSchema = z.strictObject({
  invoices: z.array(
    z.strictObject({
      invoice_id: text,
      invoice_number: text.nullable(),
      vendor_name: text.nullable(),
      total_amount: decimal.nullable(),
      currency: text.nullable(),
      invoice_date: date.nullable(),
      status: text,
      review_status: text.nullable(),
      extraction_confidence: decimal,
      upload_date: time,
      line_item_count: count,
    }),
  ),
  total: count,
  returned: count,
  skip: count,
  limit: count,
});
