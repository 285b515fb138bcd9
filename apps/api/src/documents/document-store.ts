import type { Knex } from 'knex';
import { DuplicateDocumentError, InvoiceNotFoundError } from '../errors.ts';
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
}

/** Nobody knows whether the row was written: the database failed while it committed. */
export class UncertainInsertError extends Error {
  override name = 'UncertainInsertError';
}

/**
 * Adds the invoice of an uploaded document, to be extracted later.
 *
 * @throws DuplicateDocumentError when the unique index knows these bytes already.
 */
export async function insertDocument(db: Knex, document: NewDocument): Promise<void> {
  let committing = false;
  try {
    await db.transaction(async (trx) => {
      await trx('invoices').insert(pendingInvoice(document)).onConflict('content_sha256').ignore();
      const stored = await trx('invoices').where({ content_sha256: document.content_sha256 }).first('id');
      if (stored.id !== document.invoice_id) {
        throw new DuplicateDocumentError(stored.id);
      }
      committing = true;
    });
  } catch (cause) {
    throw committing ? new UncertainInsertError('The database failed while it committed', { cause }) : cause;
  }
}

/**
 * Finds where an invoice's document is.
 *
 * @throws InvoiceNotFoundError when no invoice has the id, whatever text it is.
 */
export async function findDocument(db: Knex, invoiceId: string): Promise<DocumentColumns> {
  const row = isStorableText(invoiceId)
    ? await db<DocumentColumns & { id: string }>('invoices').where({ id: invoiceId }).first('file_name', 'file_path')
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
    created_at: document.upload_date,
    updated_at: document.upload_date,
  };
}
