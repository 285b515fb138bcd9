import type { Knex } from 'knex';
import { DocumentNotFoundError } from '../errors.ts';
import { findDocument } from './document-store.ts';
import type { DocumentStorage, StoredDocument } from './storage.ts';

const UNNAMED = 'document.pdf';

/**
 * Opens the original document of an invoice.
 *
 * @throws InvoiceNotFoundError, or DocumentNotFoundError when the invoice has none or its file is lost.
 */
export async function openDocument(
  db: Knex,
  storage: DocumentStorage,
  invoiceId: string,
): Promise<StoredDocument & { readonly fileName: string }> {
  const { file_name, file_path } = await findDocument(db, invoiceId);
  const document = file_path === null ? undefined : await storage.open(file_path);
  if (document === undefined) {
    throw new DocumentNotFoundError(invoiceId);
  }
  return { ...document, fileName: file_name ?? UNNAMED };
}
