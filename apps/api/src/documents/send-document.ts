import { pipeline } from 'node:stream/promises';
import type { Request, Response } from 'express';
import { DOCUMENT_POLICY } from '../http/security-headers.ts';
import type { ByteRange } from './byte-range.ts';
import { inlineDisposition } from './content-disposition.ts';
import type { OpenedDocument } from './open-document.ts';

/** Sends a document, or a part of it, to be shown in the browser; to HEAD the headers alone. Closes it. */
export async function sendDocument(
  request: Request,
  response: Response,
  document: OpenedDocument,
  range?: ByteRange,
): Promise<void> {
  const { first, last } = range ?? { first: 0, last: document.size - 1 };
  if (range !== undefined) {
    response.status(206).set('Content-Range', `bytes ${first}-${last}/${document.size}`);
  }
  response.set({
    'Content-Type': 'application/pdf',
    'Content-Length': String(last - first + 1),
    'Content-Disposition': inlineDisposition(document.fileName),
    'Content-Security-Policy': DOCUMENT_POLICY,
  });
  if (request.method === 'HEAD') {
    await document.close();
    response.end();
    return;
  }
  await pipeline(document.stream(range), response).catch((error) => {
    // A client that stops reading is no failure; for anything else the cut connection says that the file is short.
    if (error.code !== 'ERR_STREAM_PREMATURE_CLOSE') {
      request.log.error({ err: error }, 'document could not be read to its end');
    }
  });
}
