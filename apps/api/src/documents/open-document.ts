import type { Knex } from 'knex';
import { DocumentNotFoundError } from '../errors.ts';
import { findDocument } from './document-store.ts';
import type { DocumentStorage, StoredDocument } from './storage.ts';

const UNNAMED = 'document.pdf';

/** An opened document with what is written down about it. */
export interface OpenedDocument extends StoredDocument {
  readonly fileName: string;
  /** Of its bytes, in hexadecimal digits; null when it is not known. */
  readonly sha256: string | null;
}

/**
 * Opens the original document of an invoice.
 *
 * @throws InvoiceNotFoundError, or DocumentNotFoundError when the invoice has none or its file is lost.
 */
export async function openDocument(db: Knex, storage: DocumentStorage, invoiceId: string): Promise<OpenedDocument> {
  const { file_name, file_path, content_sha256 } = await findDocument(db, invoiceId);
  const document = file_path === null ? undefined : await storage.open(file_path);
  if (document === undefined) {
    throw new DocumentNotFoundError(invoiceId);
  }
  return { ...document, fileName: file_name ?? UNNAMED, sha256: content_sha256 };
}
