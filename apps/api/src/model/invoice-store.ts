import type { Knex } from 'knex';
import { isUniqueViolation } from '../db/unique-violation.ts';
import { InvoiceExistsError, InvoiceNotFoundError } from '../errors.ts';
import { isStorableText } from '../text.ts';
import type { Invoice, InvoiceHeader, LineItem } from './invoice.ts';
import { fromLineRow, fromRow, type Row, toLineRow, toRow } from './invoice-row.ts';
import { listColumns } from './list-columns.ts';

const MAX_ID_LENGTH = 36;
const LINES_PER_INSERT = 50;

/** What a write may change of an invoice. */
export type InvoicePatch = Partial<Omit<InvoiceHeader, 'id' | 'created_at' | 'review_version'>>;

/**
 * Reads an invoice with its lines, as they were at one moment. That takes no transaction, which would cost more than the
 * reading: as every write moves the version on, a header and lines of one version belong together.
 *
 * @throws InvoiceNotFoundError when no invoice has the id, whatever text it is.
 */
export async function getInvoice(db: Knex, id: string): Promise<Invoice> {
  for (;;) {
    const row = couldBeStored(id) ? await db<Row>('invoices').where({ id }).first() : undefined;
    const lines = row === undefined ? [] : await linesWithVersion(db, id);
    if (row === undefined || lines.length === 0) {
      throw new InvoiceNotFoundError(id);
    }
    if (lines.every((line) => line['invoice_version'] === row['review_version'])) {
      const stored = lines.filter((line) => line['line_number'] !== null);
      return { ...fromRow(row as Row), line_items: stored.map(fromLineRow) };
    } // else somebody wrote in between
  }
}

/** The lines of an invoice beside its version; one row without a line where it has none. */
function linesWithVersion(db: Knex, id: string): Promise<Row[]> {
  return db('invoices')
    .leftJoin('line_items', 'line_items.invoice_id', 'invoices.id')
    .where({ 'invoices.id': id })
    .orderBy('line_items.line_number')
    .select('line_items.*', 'invoices.review_version as invoice_version');
}

/** Keeps others from writing an invoice, if it is there, until the transaction ends. SQLite has one writer anyway. */
export async function lockInvoice(trx: Knex.Transaction, id: string): Promise<void> {
  if (couldBeStored(id)) {
    await trx('invoices').where({ id }).forUpdate().first('id');
  }
}

/**
 * Adds an invoice with its lines.
 *
 * @throws InvoiceExistsError when its id is taken.
 */
export async function insertInvoice(trx: Knex.Transaction, invoice: Invoice): Promise<void> {
  try {
    await trx('invoices').insert({ ...toRow(invoice), ...listColumns(invoice) });
  } catch (error) {
    throw isUniqueViolation(error) ? new InvoiceExistsError(invoice.id) : error;
  }
  await insertLines(trx, invoice.id, invoice.line_items);
}

/** Changes an invoice that is still as it was read and moves it to the next version; false if it is not: nothing then. */
export async function updateInvoice(
  trx: Knex.Transaction,
  before: InvoiceHeader,
  patch: InvoicePatch,
): Promise<boolean> {
  const lists = listColumns({ ...before, ...patch });
  const changed = await trx('invoices')
    .where({ id: before.id, review_version: before.review_version })
    .update({ ...toRow(patch), ...lists, review_version: trx.raw('review_version + 1') });
  return changed === 1;
}

/** Makes the stored lines of an invoice equal to a new list; lines that are the same in both are not touched. */
export async function saveLines(
  trx: Knex.Transaction,
  id: string,
  before: readonly LineItem[],
  after: readonly LineItem[],
): Promise<void> {
  const wanted = new Set(after);
  const removed = before.filter((line) => !wanted.has(line)).map((line) => line.line_number);
  for (let start = 0; start < removed.length; start += LINES_PER_INSERT) {
    const numbers = removed.slice(start, start + LINES_PER_INSERT);
    await trx('line_items').where({ invoice_id: id }).whereIn('line_number', numbers).delete();
  }
  const there = new Set(before);
  const added = after.filter((line) => !there.has(line));
  await insertLines(trx, id, added);
}

async function insertLines(trx: Knex.Transaction, id: string, lines: readonly LineItem[]): Promise<void> {
  for (let start = 0; start < lines.length; start += LINES_PER_INSERT) {
    const rows = lines.slice(start, start + LINES_PER_INSERT).map((line) => toLineRow(id, line));
    await trx('line_items').insert(rows);
  }
}

/** A text that no column could hold is no stored id; asking the database for it could be an error of the driver. */
function couldBeStored(id: string): boolean {
  return id.length <= MAX_ID_LENGTH && isStorableText(id);
}
