import type { Knex } from 'knex';
import { type Direction, type KeyColumns, whereAfter } from '../db/keyset.ts';
import { readOneState } from '../db/one-state.ts';
import { shownConfidence } from '../model/extraction-confidence.ts';
import { type Place, readCursor, writeCursor } from './list-cursor.ts';
import { whereFilters } from './list-filters.ts';
import type { ListRequest, SORTS } from './list-request.ts';

/** A page of the list. */
export interface Page {
  readonly invoices: readonly object[];
  /** Leads to the page after it; null after the last. */
  readonly cursor: string | null;
}

const COLUMNS = [
  ...(['id', 'file_name', 'invoice_number', 'invoice_date', 'due_date', 'vendor_name', 'customer_name'] as const),
  ...(['po_number', 'total_amount', 'currency', 'status', 'processing_state', 'review_status', 'reviewer'] as const),
  ...(['review_version', 'extraction_confidence', 'low_confidence', 'upload_date', 'updated_at'] as const),
];

/** The columns that orders read; those with a key of their own may be empty. */
const KEYS: Readonly<Record<(typeof SORTS)[number], string>> = {
  upload_date: 'upload_date',
  updated_at: 'updated_at',
  invoice_date: 'invoice_date_key',
  total_amount: 'total_amount_key',
  vendor_name: 'vendor_name_key',
};

/**
 * A page of the invoices that pass the filters, where the page before it ended: whatever is written in between, an
 * invoice that keeps its place in the order is neither missed nor shown twice. Without a value to be ordered by they
 * come last; where the value is the same the id decides, in the same direction.
 *
 * @throws ValidationError when the cursor is not one of this list.
 */
export async function listInvoices(db: Knex, request: ListRequest): Promise<Page> {
  const place = readCursor(request);
  const order = orderOf(request.sort);
  const most = request.limit + 1; // one more tells whether there is a next page
  const rows = order.mayBeEmpty
    ? await readOneState(db, (trx) => rowsOfBothKinds(trx, request, order, place, most))
    : await rowsWithKey(db, request, order, place, most);
  const shown = rows.slice(0, request.limit);
  const last = shown.at(-1);
  return {
    invoices: shown.map(summary),
    cursor: last !== undefined && rows.length > shown.length ? writeCursor(request, placeOf(last)) : null,
  };
}

interface Order {
  readonly columns: KeyColumns;
  readonly direction: Direction;
  readonly mayBeEmpty: boolean;
}

type Row = Readonly<Record<string, string | number | boolean | null>>;

function orderOf(sort: ListRequest['sort']): Order {
  const key = KEYS[sort.replace('-', '') as (typeof SORTS)[number]];
  return {
    columns: [key, 'id'],
    direction: sort.startsWith('-') ? 'desc' : 'asc',
    mayBeEmpty: key.endsWith('_key'),
  };
}

/** Those with a value to be ordered by, then those without. */
async function rowsOfBothKinds(db: Knex, request: ListRequest, order: Order, place: Place | undefined, most: number) {
  const valued = place?.key === null ? [] : await rowsWithKey(db, request, order, place, most);
  if (valued.length === most) {
    return valued;
  }
  const emptyPlace = place?.key === null ? place : undefined;
  return [...valued, ...(await rowsWithoutKey(db, request, order, emptyPlace, most - valued.length))];
}

async function rowsWithKey(db: Knex, request: ListRequest, order: Order, place: Place | undefined, most: number) {
  const query = matching(db, request, order, most);
  if (place !== undefined) {
    whereAfter(query, order.columns, [String(place.key), place.id], order.direction);
  } else if (order.mayBeEmpty) {
    query.whereNotNull(order.columns[0]);
  }
  return (await query) as Row[];
}

async function rowsWithoutKey(db: Knex, request: ListRequest, order: Order, place: Place | undefined, most: number) {
  const query = matching(db, request, order, most).whereNull(order.columns[0]);
  if (place !== undefined) {
    query.where('id', order.direction === 'asc' ? '>' : '<', place.id);
  }
  return (await query) as Row[];
}

function matching(db: Knex, request: ListRequest, { columns, direction }: Order, most: number): Knex.QueryBuilder {
  const [key, id] = columns;
  return whereFilters(db('invoices').select(COLUMNS).select({ list_key: key }), request)
    .orderBy([
      { column: key, order: direction },
      { column: id, order: direction },
    ])
    .limit(most);
}

function placeOf(row: Row): Place {
  return { key: row['list_key'] as string | null, id: String(row['id']) };
}

function summary(row: Row): object {
  const { list_key, ...shown } = row;
  return {
    ...shown,
    extraction_confidence: shownConfidence(row['extraction_confidence'] as string | null),
    low_confidence: Boolean(row['low_confidence']),
  };
}
