import type { Knex } from 'knex';
import { appendAudit } from '../audit/append-audit.ts';
import { inTransaction } from '../db/in-transaction.ts';
import { isUniqueViolation } from '../db/unique-violation.ts';
import { DatabaseBusyError, DuplicateDocumentError, InvoiceNotFoundError } from '../errors.ts';
import { invoiceChanges } from '../model/invoice-changes.ts';
import { getInvoice } from '../model/invoice-store.ts';
import { listColumns } from '../model/list-columns.ts';
import type { WriteContext } from '../model/write-context.ts';
import { isStorableText } from '../text.ts';

/** What is written down about an uploaded document. */
export interface NewDocument {
  readonly invoice_id: string;
  readonly file_name: string;
  readonly file_path: string;
  readonly upload_date: string;
  readonly content_sha256: string;
}

/** The document columns of an invoice. */
export interface DocumentColumns {
  readonly file_name: string | null;
  readonly file_path: string | null;
  readonly content_sha256: string | null;
}

/** Nobody knows whether the row was written: the database failed while it committed. */
export class UncertainInsertError extends Error {
  override name = 'UncertainInsertError';
}

/**
 * Adds the invoice of an uploaded document, to be extracted later.
 *
 * @throws DuplicateDocumentError when the unique index knows these bytes already, DatabaseBusyError,
 * UncertainInsertError.
 */
export async function insertDocument(db: Knex, document: NewDocument, context: WriteContext): Promise<void> {
  let committing = false;
  try {
    await inTransaction(db, async (trx) => {
      committing = false;
      await trx('invoices').insert(pendingInvoice(document));
      const invoice = await getInvoice(trx, document.invoice_id);
      await appendAudit(trx, context, {
        action: 'document.uploaded',
        invoiceId: invoice.id,
        reviewVersion: invoice.review_version,
        changes: invoiceChanges(null, invoice),
      });
      committing = true;
    });
  } catch (cause) {
    if (cause instanceof DatabaseBusyError) {
      throw cause;
    }
    if (committing) {
      throw new UncertainInsertError('The database failed while it committed', { cause });
    }
    throw isUniqueViolation(cause) ? await duplicateOf(db, document, cause) : cause;
  }
}

/** Asked when the transaction is over: PostgreSQL answers nothing more in one with a failed statement. */
async function duplicateOf(db: Knex, { content_sha256 }: NewDocument, cause: unknown): Promise<unknown> {
  const stored = await db<{ id: string; content_sha256: string }>('invoices').where({ content_sha256 }).first('id');
  return stored === undefined ? cause : new DuplicateDocumentError(stored.id);
}

/**
 * Finds where an invoice's document is.
 *
 * @throws InvoiceNotFoundError when no invoice has the id, whatever text it is.
 */
export async function findDocument(db: Knex, invoiceId: string): Promise<DocumentColumns> {
  const row = isStorableText(invoiceId)
    ? await db<DocumentColumns & { id: string }>('invoices')
        .where({ id: invoiceId })
        .first('file_name', 'file_path', 'content_sha256')
    : undefined;
  if (row === undefined) {
    throw new InvoiceNotFoundError(invoiceId);
  }
  return row;
}

function pendingInvoice(document: NewDocument) {
  return {
    id: document.invoice_id,
    file_name: document.file_name,
    file_path: document.file_path,
    content_sha256: document.content_sha256,
    upload_date: document.upload_date,
    status: 'processing',
    processing_state: 'PENDING',
    review_version: 0,
    invoice_subtype: 'STANDARD_INVOICE',
    currency: 'CAD',
    tax_breakdown: '{}',
    field_confidence: '{}',
    field_confirmations: '{}',
    ...listColumns({ file_name: document.file_name, fields: {}, field_confidence: new Map() }),
    created_at: document.upload_date,
    updated_at: document.upload_date,
  };
}
