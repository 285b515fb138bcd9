import type { Request, Response } from 'express';
import { writeContext } from '../http/write-context.ts';
import { ClientGoneError, IncompleteFileError, missingFile, readFileParts } from './multipart.ts';
import { type UploadedDocument, type UploadTools, uploadDocument, type WriteDocument } from './upload-document.ts';

/**
 * Takes in the one file of a multipart request.
 *
 * @throws ValidationError when it has none; as uploadDocument. ClientGoneError.
 */
export async function uploadOne(
  tools: UploadTools,
  request: Request,
  write?: WriteDocument,
): Promise<UploadedDocument> {
  const context = writeContext(request, tools.now);
  let document: UploadedDocument | undefined;
  try {
    await readFileParts(request, 'file', async (part) => {
      document ??= await uploadDocument(tools, part, context, write);
    });
  } catch (error) {
    throw error instanceof IncompleteFileError ? missingFile('file') : error;
  }
  if (document === undefined) {
    throw missingFile('file');
  }
  return document;
}

/** Runs what answers a request; there is nothing to answer when the client went away half-way. */
export function unlessGone(handler: (request: Request, response: Response) => Promise<void>) {
  return async (request: Request, response: Response) => {
    try {
      await handler(request, response);
    } catch (error) {
      if (!(error instanceof ClientGoneError)) {
        throw error;
      }
    }
  };
}
