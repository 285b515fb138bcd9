import type { Knex } from 'knex';
import { whereContains } from '../db/keyset.ts';
import { vendorKey } from '../model/list-columns.ts';
import { sortKey } from '../money/sortable-decimal.ts';
import { foldCase } from '../text.ts';
import type { Filters } from './list-request.ts';

/** What review_status says of an invoice that nobody has reviewed; stored is nothing. */
const NOT_REVIEWED = 'pending_review';

/** Narrows a query of invoices to those that pass every filter. Texts are compared exactly, amounts as numbers. */
export function whereFilters(query: Knex.QueryBuilder, filters: Filters): Knex.QueryBuilder {
  for (const name of ['status', 'processing_state', 'currency'] as const) {
    whereIfGiven(query, name, '=', filters[name]);
  }
  whereIfGiven(query, 'invoice_date_key', '>=', filters.invoice_date_from);
  whereIfGiven(query, 'invoice_date_key', '<=', filters.invoice_date_to);
  whereIfGiven(query, 'upload_date', '>=', filters.upload_date_from);
  whereIfGiven(query, 'upload_date', '<=', filters.upload_date_to);
  whereIfGiven(query, 'total_amount_key', '>=', filters.total_min && sortKey(filters.total_min));
  whereIfGiven(query, 'total_amount_key', '<=', filters.total_max && sortKey(filters.total_max));
  // The key is what has an index, and may be cut.
  whereIfGiven(query, 'vendor_name_key', '=', filters.vendor && vendorKey(filters.vendor));
  whereIfGiven(query, 'vendor_name', '=', filters.vendor);
  if (filters.review_status !== undefined) {
    whereReviewStatus(query, filters.review_status);
  }
  if (filters.low_confidence !== undefined) {
    query.where({ low_confidence: filters.low_confidence === 'true' });
  }
  if (filters.q !== undefined) {
    whereContains(query, 'search_text', foldCase(filters.q));
  }
  return query;
}

function whereIfGiven(
  query: Knex.QueryBuilder,
  column: string,
  comparison: '=' | '>=' | '<=',
  value: string | null | undefined,
): void {
  if (value !== undefined && value !== null) {
    query.where(column, comparison, value);
  }
}

function whereReviewStatus(query: Knex.QueryBuilder, status: string): void {
  query.where((either) => {
    either.where({ review_status: status });
    if (status === NOT_REVIEWED) {
      either.orWhereNull('review_status');
    }
  });
}
