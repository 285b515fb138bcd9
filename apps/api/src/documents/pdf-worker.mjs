// Runs in a worker thread of its own: see pdf-inspection.ts. It is JavaScript because a worker thread of Node 20 cannot
// be started from TypeScript source, and the same file has to serve the source tree and the compiled one.
import { open } from 'node:fs/promises';
import { parentPort } from 'node:worker_threads';
import { getDocument, PDFDataRangeTransport, VerbosityLevel } from 'pdfjs-dist/legacy/build/pdf.mjs';

/** @typedef {{ kind: 'pages', pageCount: number } | { kind: 'encrypted' } | { kind: 'invalid' }} Finding */

/** Hands the reader only the pieces of the file that it asks for, so a large file is never in memory as a whole. */
class FileRanges extends PDFDataRangeTransport {
  /**
   * @param {import('node:fs/promises').FileHandle} file
   * @param {number} size
   * @param {(error: unknown) => void} onError
   */
  constructor(file, size, onError) {
    super(size, null);
    this.file = file;
    this.onError = onError;
  }

  /**
   * @override
   * @param {number} begin
   * @param {number} end
   */
  requestDataRange(begin, end) {
    const piece = new Uint8Array(end - begin);
    this.file.read(piece, 0, piece.length, begin).then(() => this.onDataRange(begin, piece), this.onError);
  }
}

/**
 * @param {string} path
 * @returns {Promise<Finding>}
 */
async function inspect(path) {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    return await new Promise((resolve, reject) => {
      read(new FileRanges(file, size, reject)).then(resolve, reject);
    });
  } finally {
    await file.close();
  }
}

/**
 * @param {PDFDataRangeTransport} range
 * @returns {Promise<Finding>}
 */
async function read(range) {
  const task = getDocument({
    range,
    disableAutoFetch: true,
    disableStream: true,
    disableFontFace: true,
    isEvalSupported: false,
    stopAtErrors: true,
    verbosity: VerbosityLevel.ERRORS,
  });
  try {
    const document = await task.promise;
    // Opens without a password, yet is encrypted: only then are there permissions.
    if ((await document.getPermissions()) !== null) return { kind: 'encrypted' };
    if (document.numPages > 0) await document.getPage(1);
    return { kind: 'pages', pageCount: Math.max(0, document.numPages) };
  } catch (error) {
    const encrypted = error instanceof Error && /password|encrypt/i.test(`${error.name} ${error.message}`);
    return { kind: encrypted ? 'encrypted' : 'invalid' };
  } finally {
    await task.destroy();
  }
}

parentPort?.on('message', (/** @type {string} */ path) => {
  inspect(path).then(
    (finding) => parentPort?.postMessage({ finding }),
    (error) => parentPort?.postMessage({ error }),
  );
});
