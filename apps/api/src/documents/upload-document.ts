import { createHash, randomUUID } from 'node:crypto';
import type { Knex } from 'knex';
import { z } from 'zod';
import { EmptyFileError, FileRejectedError } from '../errors.ts';
import { replied } from '../http/reply-values.ts';
import type { WriteContext } from '../model/write-context.ts';
import { insertDocument, UncertainInsertError } from './document-store.ts';
import { cleanFileName, hasPdfExtension } from './file-name.ts';
import type { FilePart } from './multipart.ts';
import type { PdfInspector } from './pdf-inspection.ts';
import type { DocumentDraft, DocumentStorage } from './storage.ts';

/** What an upload works with. */
export interface UploadTools {
  readonly db: Knex;
  readonly storage: DocumentStorage;
  readonly inspector: PdfInspector;
  /** In units of 1,048,576 bytes. */
  readonly maxFileSizeMb: number;
  readonly now: () => Date;
}

/** A document that was taken in. */
export interface UploadedDocument {
  readonly invoice_id: string;
  readonly file_name: string;
  readonly file_path: string;
  readonly file_size: number;
  readonly page_count: number;
  readonly upload_date: string;
  readonly content_sha256: string;
}

/** The reply to its upload. */
export const uploadedSchema = z.strictObject({
  message: z.string(),
  status: z.literal('uploaded'),
  invoice_id: z.string(),
  file_name: z.string(),
  file_path: z.string(),
  file_size: z.int().min(1),
  page_count: z.int().min(1),
  upload_date: replied.time,
  content_sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

/**
 * Writes a document down by calling `insert` with the database, or a transaction on it that it commits. False when the
 * same request was done before: its document is then not needed again.
 */
export type WriteDocument = (document: UploadedDocument, insert: (db: Knex) => Promise<void>) => Promise<boolean>;

const BYTES_PER_MB = 1_048_576;

/**
 * Takes in one PDF: its bytes go to the storage, and an invoice that waits for extraction to the database. The file is
 * kept before the row is written, so a crash in between leaves a file without a row at most.
 *
 * @throws EmptyFileError, FileRejectedError, DuplicateDocumentError; nothing of the upload remains then.
 */
export async function uploadDocument(
  tools: UploadTools,
  part: FilePart,
  context: Omit<WriteContext, 'now'>,
  write: WriteDocument = writeTo(tools.db),
): Promise<UploadedDocument> {
  const fileName = cleanFileName(part.fileName);
  if (!hasPdfExtension(fileName)) {
    throw (await isEmpty(part))
      ? new EmptyFileError()
      : new FileRejectedError('File must be a PDF (.pdf extension required)');
  }
  const draft = await tools.storage.create();
  let inserted = false;
  try {
    const received = await receive(part, draft, tools.maxFileSizeMb);
    const pageCount = await countPages(tools.inspector, draft);
    const uploadedAt = tools.now();
    const document: UploadedDocument = {
      invoice_id: randomUUID(),
      file_name: fileName,
      file_path: await draft.keep(uploadedAt),
      file_size: received.size,
      page_count: pageCount,
      upload_date: uploadedAt.toISOString(),
      content_sha256: received.sha256,
    };
    const isNew = await write(document, async (db) => {
      inserted = false;
      await insertDocument(db, document, { ...context, now: document.upload_date });
      inserted = true;
    });
    if (!isNew) {
      await draft.discard();
    }
    return document;
  } catch (error) {
    // After the insert only a transaction around it can have failed, and nobody knows whether that was committed.
    if (!(error instanceof UncertainInsertError) && !inserted) {
      await draft.discard();
    }
    throw error;
  }
}

function writeTo(db: Knex): WriteDocument {
  return async (_document, insert) => {
    await insert(db);
    return true;
  };
}

/** Writes the bytes down while they arrive; stops at the first one over the limit. */
async function receive(part: FilePart, draft: DocumentDraft, maxFileSizeMb: number) {
  const maxBytes = Math.floor(maxFileSizeMb * BYTES_PER_MB);
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of part.bytes) {
    size += chunk.length;
    if (size > maxBytes) {
      const counted = ((maxBytes + 1) / BYTES_PER_MB).toFixed(2);
      throw new FileRejectedError(`File size (${counted} MB) exceeds maximum allowed size (${maxFileSizeMb} MB)`);
    }
    hash.update(chunk);
    await draft.write(chunk);
  }
  if (size === 0) {
    throw new EmptyFileError();
  }
  return { size, sha256: hash.digest('hex') };
}

async function countPages(inspector: PdfInspector, draft: DocumentDraft): Promise<number> {
  const finding = await inspector.inspect(draft.path);
  if (finding.kind === 'encrypted') {
    throw new FileRejectedError('PDF is encrypted and cannot be processed');
  }
  if (finding.kind === 'invalid') {
    throw new FileRejectedError(`Invalid PDF format: ${finding.reason}`);
  }
  if (finding.pageCount === 0) {
    throw new FileRejectedError('PDF has no pages');
  }
  return finding.pageCount;
}

async function isEmpty(part: FilePart): Promise<boolean> {
  for await (const chunk of part.bytes) {
    if (chunk.length > 0) {
      return false;
    }
  }
  return true;
}
