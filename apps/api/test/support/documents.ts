import { once } from 'node:events';
import { readdirSync, watch } from 'node:fs';
import { join } from 'node:path';
import type { Response } from 'supertest';
import { type DirectoryResult, dir } from 'tmp-promise';
import { createFileStorage } from '../../src/documents/storage.ts';
import { api } from './api.ts';
import { isolation } from './isolation.ts';

const BOUNDARY = 'b0undary';

/** One part of a multipart body; without a file name it is a form field. */
export interface Part {
  readonly name: string;
  /** Written into the header as it is. */
  readonly fileName?: string;
  readonly bytes: Buffer | string;
}

/** A storage directory for each test of the surrounding block, and the API on it. */
export function documentsOfEachTest() {
  let directory: DirectoryResult;
  beforeEach(async () => {
    directory = await dir({ unsafeCleanup: true });
  });
  afterEach(() => directory.cleanup());

  const options = (maxFileSizeMb = 50) => ({ documents: createFileStorage(directory.path), maxFileSizeMb });
  const send = (path: string, parts: readonly Part[], maxFileSizeMb?: number): Promise<Response> =>
    sendBody(path, multipart(parts), maxFileSizeMb);
  const sendBody = async (path: string, body: Buffer | string, maxFileSizeMb?: number): Promise<Response> =>
    api(options(maxFileSizeMb))
      .post(`/api/ingestion/${path}`)
      .set('Content-Type', `multipart/form-data; boundary=${BOUNDARY}`)
      .send(body);
  return {
    /** What createApp needs to use the directory. */
    options,
    /** The directory. */
    path: () => directory.path,
    /** Every file in the directory, sorted. */
    files: () => filesIn(directory.path),
    /** Comes back when no file is being received any more; the directory says so itself. */
    noDraft: () => nothingIn(join(directory.path, 'incoming')),
    /** Uploads one file. */
    upload: (bytes: Buffer | string, fileName = 'invoice.pdf', maxFileSizeMb?: number): Promise<Response> =>
      send('upload', [{ name: 'file', fileName, bytes }], maxFileSizeMb),
    /** Posts these parts. */
    send,
    /** Posts a body that claims to be multipart. */
    sendBody,
    /** Gets the document of an invoice. */
    download: async (id: string): Promise<Response> =>
      api(options()).get(`/api/hitl/invoice/${id}/pdf`).buffer(true).parse(readBytes),
  };
}

/** How many invoices the running test's database has. */
export async function invoiceCount(): Promise<number> {
  return (await isolation.current().db('invoices').select('id')).length;
}

/** A multipart/form-data body. */
export function multipart(parts: readonly Part[]): Buffer {
  const pieces = parts.flatMap(({ name, fileName, bytes }) => [
    `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"`,
    fileName === undefined ? '\r\n\r\n' : `; filename="${fileName}"\r\nContent-Type: text/plain\r\n\r\n`,
    bytes,
    '\r\n',
  ]);
  return Buffer.concat([...pieces, `--${BOUNDARY}--\r\n`].map((piece) => Buffer.from(piece)));
}

async function nothingIn(directory: string): Promise<void> {
  const watcher = watch(directory);
  try {
    while (readdirSync(directory).length > 0) {
      await once(watcher, 'change');
    }
  } finally {
    watcher.close();
  }
}

function filesIn(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => `${entry.parentPath.slice(directory.length + 1)}/${entry.name}`)
    .sort();
}

function readBytes(response: unknown, done: (error: Error | null, body: Buffer) => void): void {
  const chunks: Buffer[] = [];
  const stream = response as NodeJS.ReadableStream;
  stream.on('data', (chunk) => chunks.push(chunk)).on('end', () => done(null, Buffer.concat(chunks)));
}
