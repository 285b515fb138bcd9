import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { DuplicateDocumentError, EmptyFileError, FileRejectedError } from '../errors.ts';
import type { WriteContext } from '../model/write-context.ts';
import { cleanFileName } from './file-name.ts';
import { ClientGoneError, type FilePart, IncompleteFileError, missingFile, readFileParts } from './multipart.ts';
import { type UploadTools, uploadDocument } from './upload-document.ts';

/** What became of one file of a batch. */
interface FileResult {
  readonly file_name: string;
  readonly invoice_id: string | null;
  readonly status: 'uploaded' | 'validation_failed' | 'duplicate' | 'error';
  readonly errors: readonly string[];
}

/** What became of a batch, in the order sent. */
export interface BatchReport {
  readonly message: string;
  readonly successful: number;
  readonly failed: number;
  readonly results: readonly FileResult[];
  readonly errors: readonly { readonly file_name: string; readonly error: string }[];
}

/** What a report looks like. */
export const batchSchema: z.ZodType<BatchReport> = z.strictObject({
  message: z.string(),
  successful: z.int().min(0),
  failed: z.int().min(0),
  results: z.array(
    z.strictObject({
      file_name: z.string(),
      invoice_id: z.string().nullable(),
      status: z.enum(['uploaded', 'validation_failed', 'duplicate', 'error']),
      errors: z.array(z.string()),
    }),
  ),
  errors: z.array(z.strictObject({ file_name: z.string(), error: z.string() })),
});

/**
 * Takes in every PDF of a batch; one that cannot be taken in does not keep the others out.
 *
 * @throws ValidationError when the batch has no file, ClientGoneError.
 */
export async function batchUpload(
  tools: UploadTools,
  request: IncomingMessage,
  context: WriteContext,
  logFailure: (error: unknown) => void,
): Promise<BatchReport> {
  const results: FileResult[] = [];
  await readFileParts(request, 'files', async (part) => {
    results.push(await uploadOneOfMany(tools, part, context, logFailure));
  });
  if (results.length === 0) {
    throw missingFile('files');
  }
  const failures = results.filter((result) => result.status !== 'uploaded');
  return {
    message: `Processed ${results.length} files`,
    successful: results.length - failures.length,
    failed: failures.length,
    results,
    errors: failures.map(({ file_name, errors }) => ({ file_name, error: errors[0] ?? '' })),
  };
}

async function uploadOneOfMany(
  tools: UploadTools,
  part: FilePart,
  context: WriteContext,
  logFailure: (error: unknown) => void,
): Promise<FileResult> {
  const file_name = cleanFileName(part.fileName);
  try {
    const { invoice_id } = await uploadDocument(tools, part, context);
    return { file_name, invoice_id, status: 'uploaded', errors: [] };
  } catch (error) {
    if (error instanceof ClientGoneError) {
      throw error;
    }
    if (error instanceof DuplicateDocumentError) {
      return { file_name, invoice_id: error.invoiceId, status: 'duplicate', errors: [error.message] };
    }
    if (error instanceof EmptyFileError || error instanceof FileRejectedError || error instanceof IncompleteFileError) {
      return { file_name, invoice_id: null, status: 'validation_failed', errors: [error.message] };
    }
    logFailure(error);
    return { file_name, invoice_id: null, status: 'error', errors: ['Internal server error'] };
  }
}
