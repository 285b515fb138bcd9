import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { copySqlite } from '../db/sqlite-copy.ts';
import { StartupError } from '../startup-failure.ts';
import { copyDurably, sha256Of, sync, writeDurably } from './durable-files.ts';
import { inspectCopy, type KnownDocument } from './inspect-copy.ts';
import { documentFile, LAYOUT, type Manifest } from './layout.ts';

/** What is backed up, or restored. */
export interface Places {
  /** The SQLite file. */
  readonly database: string;
  /** Where documents are kept. */
  readonly storage: string;
}

/**
 * Copies the database and its documents to a new directory while the service goes on, and checks the copy. The database
 * comes first: a document is on the disk before its row, so that every row of the copy finds its file. The directory
 * gets its name when all of it is on the disk.
 *
 * @throws StartupError when there is such a directory already, or the copy is not sound; nothing is left then.
 */
export async function backUp(places: Places, directory: string, now: Date): Promise<Manifest> {
  const target = path.resolve(directory);
  if (existsSync(target)) {
    throw new StartupError(`${directory} is there already: a backup overwrites nothing`);
  }
  if (!existsSync(places.database)) {
    throw new StartupError('There is no database yet that could be backed up (DATABASE_URL)');
  }
  const partial = `${target}.partial-${randomBytes(4).toString('hex')}`;
  try {
    await makeFolders(partial);
    const manifest = await fill(partial, places, now);
    await rename(partial, target);
    await sync(path.dirname(target));
    return manifest;
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw error;
  }
}

async function makeFolders(directory: string): Promise<void> {
  await mkdir(path.join(directory, LAYOUT.documents, 'raw'), { recursive: true, mode: 0o700 });
}

async function fill(directory: string, places: Places, now: Date): Promise<Manifest> {
  const database = path.join(directory, LAYOUT.database);
  await copySqlite(places.database, database);
  const contents = await inspectCopy(database, 'The copy');
  await sync(database);
  const unsound = await copyDocuments(contents.documents, places.storage, path.join(directory, LAYOUT.documents));
  const manifest: Manifest = {
    format: 1,
    created_at: now.toISOString(),
    invoices: contents.invoices,
    documents: contents.documents.length - unsound.length,
    unsound_documents: unsound,
    audit_head: contents.auditHead,
    database_sha256: await sha256Of(database),
  };
  await writeDurably(path.join(directory, LAYOUT.manifest), `${JSON.stringify(manifest, null, 2)}\n`);
  for (const folder of [path.join(LAYOUT.documents, 'raw'), LAYOUT.documents, '.']) {
    await sync(path.join(directory, folder));
  }
  return manifest;
}

/** Answers which documents were lost or changed before: no reason to go without a backup of all the others. */
async function copyDocuments(documents: readonly KnownDocument[], from: string, to: string): Promise<string[]> {
  const unsound: string[] = [];
  for (const { key, sha256 } of documents) {
    const [source, copy] = [documentFile(path.resolve(from), key), documentFile(to, key)];
    const found = source !== undefined && copy !== undefined && existsSync(source);
    if (!found || (await copyDurably(source, copy)) !== sha256) {
      await (copy !== undefined && rm(copy, { force: true }));
      unsound.push(key);
    }
  }
  return unsound;
}
