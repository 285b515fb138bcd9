import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { Busboy, type BusboyHeaders, type BusboyInstance } from '@fastify/busboy';
import { ValidationError } from '../errors.ts';

/** How much of one part the parser buffers, and how much it is given at once: far less, see `give`. */
const BUFFER_BYTES = 65_536;
const PIECE_BYTES = 16_384;

/** One file of a multipart body, while it arrives. */
export interface FilePart {
  /** The name as it was sent, as UTF-8; undefined when none was. */
  readonly fileName: string | undefined;
  /** The file's bytes. Fails with IncompleteFileError when the body ends early; what is not read is dropped. */
  readonly bytes: AsyncIterable<Uint8Array>;
}

/** The body ended, or went wrong, in the middle of a file. */
export class IncompleteFileError extends Error {
  override name = 'IncompleteFileError';
}

/** The client went away before it had sent the whole body; there is nobody to answer. */
export class ClientGoneError extends Error {
  override name = 'ClientGoneError';
}

/**
 * Reads a multipart/form-data body and gives each file part of one name to `handle`, one after another in the order
 * sent; everything else is dropped. Only a piece of the body is in memory at a time. Comes back when the whole body has
 * been read and the last handler is done, whatever a handler throws, so that the client can read the reply.
 *
 * @throws ValidationError when the body is something else.
 * @throws ClientGoneError when the client goes away half-way.
 * @throws what a handler throws; no further handler is called then.
 */
export async function readFileParts(
  request: IncomingMessage,
  name: string,
  handle: (part: FilePart) => Promise<void>,
): Promise<void> {
  const parser = createParser(request, name);
  const unread = new Set<Readable>();
  let earlier: Promise<void> = Promise.resolve();
  let last: Promise<void> = Promise.resolve();
  const abandon = (reason: Error) => {
    for (const stream of unread) {
      stream.destroy(reason);
    }
  };

  parser.on('file', (fieldName, stream, fileName) => {
    // The handler learns of errors by reading; without a listener one that comes before would end the process.
    stream.on('error', ignore);
    if (fieldName !== name) {
      stream.resume();
      return;
    }
    unread.add(stream);
    const drop = () => {
      unread.delete(stream);
      stream.resume();
    };
    earlier = last;
    last = earlier.then(() => handle({ fileName, bytes: stream.iterator({ destroyOnReturn: false }) }));
    last.then(drop, drop);
  });

  let malformed = false;
  const done = new Promise<void>((resolve) => {
    parser.on('finish', resolve);
    parser.on('error', () => {
      malformed = true;
      abandon(new IncompleteFileError('The file is incomplete'));
      resolve();
    });
  });

  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      if (malformed) {
        continue;
      }
      await give(parser, chunk, done);
      // Holds the body back while earlier files are looked at, so that many small ones do not pile up.
      await earlier.catch(ignore);
    }
  } catch (cause) {
    const gone = new ClientGoneError('The client went away', { cause });
    abandon(gone);
    await last.catch(ignore);
    throw gone;
  }
  parser.end();
  await done;
  await last;
}

/** What to say when a multipart body has no file of this name. */
export function missingFile(name: string): ValidationError {
  const text = 'send a file under this name as multipart/form-data';
  return new ValidationError([{ type: 'missing', source: 'body', path: [name], name, text, input: null }]);
}

/**
 * The parser waits for ever when a part that it skips (one without a content disposition) fills its buffer and ends in
 * the same piece. Small pieces, with a turn of the event loop to drain in between, never fill it.
 */
async function give(parser: BusboyInstance, chunk: Buffer, done: Promise<void>): Promise<void> {
  for (let start = 0; start < chunk.length; start += PIECE_BYTES) {
    const piece = chunk.subarray(start, start + PIECE_BYTES);
    await Promise.race([new Promise((resolve) => parser.write(piece, resolve)), done]);
    await turn();
  }
}

function createParser(request: IncomingMessage, name: string): BusboyInstance {
  if (!/^multipart\/form-data(?:\s|;|$)/i.test(request.headers['content-type'] ?? '')) {
    throw missingFile(name);
  }
  try {
    return new Busboy({
      headers: request.headers as BusboyHeaders,
      preservePath: true,
      fileHwm: BUFFER_BYTES,
      // Form fields are of no use here. Not `fields: 0`: the parser can stall in a long field that it skips so.
      limits: { fieldSize: 1 },
    });
  } catch {
    // The content type names no boundary.
    throw missingFile(name);
  }
}

function ignore(): void {}
