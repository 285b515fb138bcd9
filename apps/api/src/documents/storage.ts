import { randomBytes, randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { access, type FileHandle, open, readdir, realpath, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { makeDirectory } from '../make-directory.ts';
import type { ByteRange } from './byte-range.ts';

/** Where the original bytes of documents are kept. */
export interface DocumentStorage {
  /** Starts a new document, private until it is kept. */
  create(): Promise<DocumentDraft>;
  /** Opens a kept document; undefined when the key leads to none. */
  open(key: string): Promise<StoredDocument | undefined>;
}

/** A document that is being written. */
export interface DocumentDraft {
  /** A file with the bytes written so far. */
  readonly path: string;
  write(chunk: Uint8Array): Promise<void>;
  /** Makes the bytes durable under a new key, and returns it. */
  keep(at: Date): Promise<string>;
  /** Removes whatever there is of it, kept or not. */
  discard(): Promise<void>;
}

/** A kept document, opened. */
export interface StoredDocument {
  /** In bytes. */
  readonly size: number;
  /** The bytes, or those of a part, once; the document is closed when they are read or the stream is destroyed. */
  stream(range?: ByteRange): Readable;
  close(): Promise<void>;
}

const DAY_MS = 86_400_000;
const PRIVATE_FILE = 0o600;
const PRIVATE_DIRECTORY = 0o700;
const KEY = /^raw\/[A-Za-z0-9_-]+\.pdf$/;
const GONE = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'EISDIR']);

/** Keeps documents as private files under a directory, which is made at the first use. */
export function createFileStorage(directory: string): DocumentStorage {
  const root = path.resolve(directory);
  return {
    create: () => createDraft(root),
    open: (key) => openKept(root, key),
  };
}

/**
 * Makes the directory of a file storage, checks that documents can be written there, and removes what killed processes
 * left half written more than a day ago.
 *
 * @throws an error of the file system when they cannot.
 */
export async function prepareFileStorage(directory: string): Promise<void> {
  const root = path.resolve(directory);
  for (const folder of [incoming(root), path.join(root, 'raw')]) {
    makeDirectory(folder, PRIVATE_DIRECTORY);
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  }
  await removeAbandonedDrafts(incoming(root));
}

/** Drafts of processes that were killed. No upload takes a day, so none of another live process is among them. */
async function removeAbandonedDrafts(folder: string): Promise<void> {
  const drafts = (await readdir(folder)).filter((name) => name.endsWith('.part'));
  for (const draft of drafts.map((name) => path.join(folder, name))) {
    const changed = await stat(draft).then(
      ({ mtimeMs }) => mtimeMs,
      () => undefined,
    );
    if (changed !== undefined && Date.now() - changed > DAY_MS) {
      await rm(draft, { force: true });
    }
  }
}

async function createDraft(root: string): Promise<DocumentDraft> {
  makeDirectory(incoming(root), PRIVATE_DIRECTORY);
  const draft = path.join(incoming(root), `${randomUUID()}.part`);
  const file = await open(draft, 'wx', PRIVATE_FILE);
  let kept: string | undefined;
  return {
    path: draft,
    write: (chunk) => file.writeFile(chunk),
    keep: async (at) => {
      await file.sync();
      await file.close();
      makeDirectory(path.join(root, 'raw'), PRIVATE_DIRECTORY);
      const key = await reserveKey(root, at);
      kept = path.join(root, key);
      await rename(draft, kept);
      await syncDirectory(path.dirname(kept));
      return key;
    },
    discard: async () => {
      await file.close();
      await rm(draft, { force: true });
      if (kept !== undefined) {
        await rm(kept, { force: true });
      }
    },
  };
}

/** Claims a key by making its file, so that two documents of one second never meet. */
async function reserveKey(root: string, at: Date): Promise<string> {
  const [day, time] = at.toISOString().replace(/[-:]/g, '').split(/[T.]/);
  for (;;) {
    const key = `raw/${day}_${time}_${randomBytes(4).toString('hex')}.pdf`;
    try {
      await (await open(path.join(root, key), 'wx', PRIVATE_FILE)).close();
      return key;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') {
        throw error;
      }
    }
  }
}

/** A new name is durable only when its directory is. Windows has no such thing. */
async function syncDirectory(directory: string): Promise<void> {
  if (process.platform === 'win32') {
    return;
  }
  const handle = await open(directory);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function openKept(root: string, key: string): Promise<StoredDocument | undefined> {
  if (!KEY.test(key)) {
    return undefined;
  }
  try {
    // Whatever the database says, nothing outside the storage directory is read: not through a symbolic link either.
    const file = await realpath(path.join(root, key));
    return file === path.join(await realpath(root), key) ? await opened(await open(file)) : undefined;
  } catch (error) {
    if (GONE.has(codeOf(error))) {
      return undefined;
    }
    throw error;
  }
}

async function opened(file: FileHandle): Promise<StoredDocument | undefined> {
  const stat = await file.stat();
  if (!stat.isFile()) {
    await file.close();
    return undefined;
  }
  return {
    size: stat.size,
    stream: (range) => file.createReadStream(range && { start: range.first, end: range.last }),
    close: () => file.close(),
  };
}

function incoming(root: string): string {
  return path.join(root, 'incoming');
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
